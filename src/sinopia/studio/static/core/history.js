/** What was done and what was taken back, without limit. */

/**
 * @import { Sheet } from "./sheet.js"
 * @import { Box, DocumentChange, Rect } from "./types.js"
 */

import { LabelMap } from "./label_map.js";
import { unionRect, wholeRect } from "./rect.js";
import { packRuns, readRect, unpackRuns, writeRect } from "./tiles.js";

/**
 * A step holds the other side of itself: swapping undoes it, swapping again does it again.
 *
 * @typedef {object} Step
 * @property {string} label
 * @property {(sheet: Sheet) => DocumentChange} swap
 */

/** Some tiles of the map, or the boxes, or both. */
export class EditStep {
  /**
   * @param {string} label
   * @param {Map<number, Uint8Array>} tiles packed ids by number of the tile
   * @param {readonly Box[] | null} boxes null when they stay
   */
  constructor(label, tiles, boxes) {
    this.label = label;
    this.tiles = tiles;
    this.boxes = boxes;
  }

  /**
   * @param {Sheet} sheet
   * @returns {DocumentChange}
   */
  swap(sheet) {
    /** @type {Rect | null} */
    let changed = null;
    const { ids, width } = sheet.map;
    for (const [tile, packed] of this.tiles) {
      const rect = sheet.grid.rect(tile);
      const present = readRect(ids, width, rect);
      writeRect(ids, width, rect, unpackRuns(packed, present.length));
      this.tiles.set(tile, packRuns(present));
      sheet.compose(rect);
      changed = unionRect(changed, rect);
    }
    if (this.boxes !== null) {
      const present = sheet.boxes;
      changed = unionRect(changed, sheet.setBoxes(this.boxes));
      this.boxes = present;
    }
    return { rect: changed, kind: this.tiles.size > 0 ? "map" : "boxes" };
  }
}

/** Another map with other boxes. */
export class ReplaceStep {
  #width;
  #height;
  #packed;
  #boxes;

  /**
   * @param {string} label
   * @param {LabelMap} map
   * @param {readonly Box[]} boxes
   */
  constructor(label, map, boxes) {
    this.label = label;
    this.#width = map.width;
    this.#height = map.height;
    this.#packed = packRuns(map.ids);
    this.#boxes = boxes;
  }

  /**
   * @param {Sheet} sheet
   * @returns {DocumentChange}
   */
  swap(sheet) {
    const { map, boxes } = sheet;
    const ids = unpackRuns(this.#packed, this.#width * this.#height);
    sheet.replace(new LabelMap(this.#width, this.#height, ids), this.#boxes);
    this.#width = map.width;
    this.#height = map.height;
    this.#packed = packRuns(map.ids);
    this.#boxes = boxes;
    return { rect: wholeRect(sheet.map), kind: "all" };
  }
}

export class History {
  /** @type {Step[]} */
  #done = [];
  /** @type {Step[]} */
  #undone = [];

  /**
   * A new step; what was taken back before it is gone.
   *
   * @param {Step} step
   */
  push(step) {
    this.#done.push(step);
    this.#undone = [];
  }

  get undoLabel() {
    return this.#done.at(-1)?.label ?? null;
  }

  get redoLabel() {
    return this.#undone.at(-1)?.label ?? null;
  }

  /** @param {Sheet} sheet */
  undo(sheet) {
    return swapLast(this.#done, this.#undone, sheet);
  }

  /** @param {Sheet} sheet */
  redo(sheet) {
    return swapLast(this.#undone, this.#done, sheet);
  }
}

/**
 * @param {Step[]} from
 * @param {Step[]} to
 * @param {Sheet} sheet
 */
function swapLast(from, to, sheet) {
  const step = from.pop();
  if (step === undefined) return null;
  to.push(step);
  return step.swap(sheet);
}
