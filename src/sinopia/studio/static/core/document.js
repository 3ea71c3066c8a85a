/** The document of the studio: a map of class ids, boxes over it, and all that was done to them. */

/** @import { Box, DocumentChange } from "./types.js" */

import { sameBoxes } from "./boxes.js";
import { DirtyTiles } from "./dirty_tiles.js";
import { Edit } from "./edit.js";
import { History, ReplaceStep } from "./history.js";
import { LabelMap } from "./label_map.js";
import { Sheet } from "./sheet.js";

/** Changed only through edits: every change can be undone and every listener hears of it. */
export class StudioDocument {
  #sheet;
  #history = new History();
  /** @type {Edit | null} */
  #edit = null;
  /** @type {Set<(change: DocumentChange) => void>} */
  #listeners = new Set();
  /** @type {Set<DirtyTiles>} */
  #consumers = new Set();
  #revision = 0;

  /**
   * @param {LabelMap} map copied
   * @param {readonly Box[]} [boxes]
   */
  constructor(map, boxes = []) {
    this.#sheet = new Sheet(map.clone(), boxes);
  }

  /** To be read only; another object after `replace`. */
  get map() {
    return this.#sheet.map;
  }

  get width() {
    return this.#sheet.map.width;
  }

  get height() {
    return this.#sheet.map.height;
  }

  get boxes() {
    return this.#sheet.boxes;
  }

  get boxesVisible() {
    return this.#sheet.boxesVisible;
  }

  /** The map with the boxes filled in, in order, when they are visible. To be read only. */
  get composite() {
    return this.#sheet.composite;
  }

  /** Grows with every change of map, boxes or their visibility. */
  get revision() {
    return this.#revision;
  }

  /** Whether an edit is under way. */
  get isEditing() {
    return this.#edit !== null;
  }

  /**
   * @param {(change: DocumentChange) => void} listener called after every change, also during edits
   * @returns {() => void} unsubscribes
   */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** From now on keeps account, for one consumer, of the pixels of the composite that change. */
  trackTiles() {
    const tiles = new DirtyTiles(this.map, this.composite, (closed) => {
      this.#consumers.delete(closed);
    });
    this.#consumers.add(tiles);
    return tiles;
  }

  /**
   * Begins a step; there is only one at a time.
   *
   * @param {string} label as the history shows it, "Brush"
   */
  begin(label) {
    if (this.#edit !== null) throw new Error(`cannot begin "${label}": another edit is open`);
    this.#edit = new Edit(
      this.#sheet,
      label,
      (change) => this.#tell(change),
      (step) => {
        this.#edit = null;
        if (step === null) return;
        this.#history.push(step);
        this.#tell({ rect: null, kind: "history" });
      },
    );
    return this.#edit;
  }

  /**
   * Another map and other boxes, as when a file is opened, in one step that can be undone. An open
   * edit is committed first. False when nothing is different.
   *
   * @param {LabelMap} map copied
   * @param {readonly Box[]} [boxes]
   * @param {string} [label]
   */
  replace(map, boxes = [], label = "Open") {
    this.#edit?.commit();
    if (this.map.equals(map) && sameBoxes(this.boxes, boxes)) return false;
    const step = new ReplaceStep(label, map, boxes);
    const change = step.swap(this.#sheet);
    this.#history.push(step);
    this.#tell(change);
    return true;
  }

  /**
   * Shows the boxes or leaves them out of the composite. A matter of looking: not in the history.
   *
   * @param {boolean} areVisible
   */
  setBoxesVisible(areVisible) {
    if (areVisible === this.boxesVisible) return;
    this.#tell({ rect: this.#sheet.setBoxesVisible(areVisible), kind: "boxes" });
  }

  /** Takes the last step back; an open edit is the last step. False when there is none. */
  undo() {
    if (this.#edit !== null) {
      this.#edit.cancel();
      return true;
    }
    return this.#follow(this.#history.undo(this.#sheet));
  }

  /** Does again what was taken back last. False when there is nothing, or an edit is open. */
  redo() {
    return this.#edit === null && this.#follow(this.#history.redo(this.#sheet));
  }

  get canUndo() {
    return this.undoLabel !== null;
  }

  get canRedo() {
    return this.redoLabel !== null;
  }

  /** What `undo` would take back, or null. */
  get undoLabel() {
    return this.#history.undoLabel;
  }

  get redoLabel() {
    return this.#history.redoLabel;
  }

  /** @param {DocumentChange | null} change */
  #follow(change) {
    if (change === null) return false;
    this.#tell(change);
    return true;
  }

  /** @param {DocumentChange} change */
  #tell(change) {
    if (change.kind !== "history") this.#revision++;
    for (const tiles of this.#consumers) {
      if (change.kind === "all") tiles.replace(this.map, this.composite);
      else if (change.rect !== null) tiles.mark(change.rect);
    }
    for (const listener of [...this.#listeners]) listener(change);
  }
}
