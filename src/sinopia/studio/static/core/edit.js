/** One step of work while it is done: a stroke, a fill, a moved box. */

/**
 * @import { Sheet } from "./sheet.js"
 * @import { Box, DocumentChange, Rect, Span } from "./types.js"
 */

import { sameBoxes } from "./boxes.js";
import { EditStep } from "./history.js";
import { unionRect } from "./rect.js";
import { packRuns, readRect, sameBytes, writeRect } from "./tiles.js";

/** Made by `StudioDocument.begin`. Changes the document at once and remembers what was there. */
export class Edit {
  #sheet;
  #label;
  #onChange;
  #onClose;
  #boxesBefore;
  #isOpen = true;
  /** @type {Map<number, Uint8Array>} the ids of each tile before it was first touched */
  #tilesBefore = new Map();

  /**
   * @param {Sheet} sheet
   * @param {string} label
   * @param {(change: DocumentChange) => void} onChange
   * @param {(step: EditStep | null) => void} onClose
   */
  constructor(sheet, label, onChange, onClose) {
    this.#sheet = sheet;
    this.#label = label;
    this.#onChange = onChange;
    this.#onClose = onClose;
    this.#boxesBefore = sheet.boxes;
  }

  /** False once committed or cancelled, also by an undo in the middle of it. */
  get isOpen() {
    return this.#isOpen;
  }

  /**
   * Paints the part of the spans that lies in the map.
   *
   * @param {Iterable<Span>} spans
   * @param {number} classId
   */
  paint(spans, classId) {
    this.#requireOpen();
    const { ids, width, height } = this.#sheet.map;
    let left = width;
    let right = 0;
    let top = height;
    let bottom = 0;
    for (const [y, x0, x1] of spans) {
      if (y < 0 || y >= height) continue;
      const line = y * width;
      let start = Math.max(x0, 0);
      let end = Math.min(x1, width);
      while (start < end && ids[line + start] === classId) start++;
      while (start < end && ids[line + end - 1] === classId) end--;
      if (start >= end) continue;
      this.#keepTiles({ x0: start, y0: y, x1: end, y1: y + 1 });
      this.#sheet.fillRow(y, start, end, classId);
      left = Math.min(left, start);
      right = Math.max(right, end);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
    if (left >= right) return;
    this.#onChange({ rect: { x0: left, y0: top, x1: right, y1: bottom }, kind: "map" });
  }

  /** @param {readonly Box[]} boxes */
  setBoxes(boxes) {
    this.#requireOpen();
    if (sameBoxes(boxes, this.#sheet.boxes)) return;
    this.#onChange({ rect: this.#sheet.setBoxes(boxes), kind: "boxes" });
  }

  /** Makes it one step of the history; false when nothing is different from before. */
  commit() {
    this.#requireOpen();
    const step = this.#makeStep();
    this.#isOpen = false;
    this.#onClose(step);
    return step !== null;
  }

  /** Puts everything back as it was. */
  cancel() {
    this.#requireOpen();
    const { ids, width } = this.#sheet.map;
    /** @type {Rect | null} */
    let changed = null;
    for (const [tile, before] of this.#tilesBefore) {
      const rect = this.#sheet.grid.rect(tile);
      writeRect(ids, width, rect, before);
      this.#sheet.compose(rect);
      changed = unionRect(changed, rect);
    }
    const isMapChanged = changed !== null;
    const areBoxesChanged = !sameBoxes(this.#sheet.boxes, this.#boxesBefore);
    changed = unionRect(changed, this.#sheet.setBoxes(this.#boxesBefore));
    this.#isOpen = false;
    this.#onClose(null);
    if (isMapChanged || areBoxesChanged) {
      this.#onChange({ rect: changed, kind: isMapChanged ? "map" : "boxes" });
    }
  }

  /** @param {Rect} rect */
  #keepTiles(rect) {
    const { grid, map } = this.#sheet;
    for (const tile of grid.touching(rect)) {
      if (this.#tilesBefore.has(tile)) continue;
      this.#tilesBefore.set(tile, readRect(map.ids, map.width, grid.rect(tile)));
    }
  }

  #makeStep() {
    const { ids, width } = this.#sheet.map;
    /** @type {Map<number, Uint8Array>} */
    const tiles = new Map();
    for (const [tile, before] of this.#tilesBefore) {
      const after = readRect(ids, width, this.#sheet.grid.rect(tile));
      if (!sameBytes(before, after)) tiles.set(tile, packRuns(before));
    }
    const boxes = sameBoxes(this.#sheet.boxes, this.#boxesBefore) ? null : this.#boxesBefore;
    return tiles.size > 0 || boxes !== null ? new EditStep(this.#label, tiles, boxes) : null;
  }

  #requireOpen() {
    if (!this.#isOpen) throw new Error(`the edit "${this.#label}" is closed already`);
  }
}
