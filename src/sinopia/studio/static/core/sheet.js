/** What the document shows: the map, the boxes over it, and both put together. */

/**
 * @import { LabelMap } from "./label_map.js"
 * @import { Box, Rect } from "./types.js"
 */

import { sameBox } from "./boxes.js";
import { clipRect, unionRect, wholeRect } from "./rect.js";
import { TileGrid } from "./tiles.js";

/** Keeps the composite true to map and boxes; whoever changes it tells the document. */
export class Sheet {
  /**
   * @param {LabelMap} map owned and changed from now on
   * @param {readonly Box[]} boxes
   */
  constructor(map, boxes) {
    this.map = map;
    this.boxes = boxes;
    this.boxesVisible = true;
    this.grid = new TileGrid(map);
    this.composite = new Uint8Array(map.ids.length);
    this.compose(wholeRect(map));
  }

  /**
   * @param {LabelMap} map
   * @param {readonly Box[]} boxes
   */
  replace(map, boxes) {
    this.map = map;
    this.boxes = boxes;
    this.grid = new TileGrid(map);
    this.composite = new Uint8Array(map.ids.length);
    this.compose(wholeRect(map));
  }

  /**
   * Paints columns x0..x1-1 of line y, which lie in the map.
   *
   * @param {number} y
   * @param {number} x0
   * @param {number} x1
   * @param {number} classId
   */
  fillRow(y, x0, x1, classId) {
    const line = y * this.map.width;
    this.map.ids.fill(classId, line + x0, line + x1);
    this.#composeRow(y, x0, x1);
  }

  /**
   * Puts the composite of a rectangle inside the map together anew.
   *
   * @param {Rect} rect
   */
  compose({ x0, y0, x1, y1 }) {
    for (let y = y0; y < y1; y++) this.#composeRow(y, x0, x1);
  }

  /**
   * Returns the rectangle in which the composite may differ now, or null.
   *
   * @param {readonly Box[]} boxes
   */
  setBoxes(boxes) {
    const before = this.boxes;
    this.boxes = boxes;
    return this.boxesVisible ? this.#composeUnder(differingBoxes(before, boxes)) : null;
  }

  /**
   * Returns the rectangle in which the composite may differ now, or null.
   *
   * @param {boolean} areVisible
   */
  setBoxesVisible(areVisible) {
    this.boxesVisible = areVisible;
    return this.#composeUnder(this.boxes);
  }

  /** @param {readonly Box[]} boxes */
  #composeUnder(boxes) {
    /** @type {Rect | null} */
    let changed = null;
    for (const box of boxes) {
      const rect = clipRect(box, this.map);
      if (rect === null) continue;
      this.compose(rect);
      changed = unionRect(changed, rect);
    }
    return changed;
  }

  /**
   * @param {number} y
   * @param {number} x0
   * @param {number} x1
   */
  #composeRow(y, x0, x1) {
    const line = y * this.map.width;
    this.composite.set(this.map.ids.subarray(line + x0, line + x1), line + x0);
    if (!this.boxesVisible) return;
    for (const box of this.boxes) {
      if (y < box.y0 || y >= box.y1) continue;
      const start = Math.max(box.x0, x0);
      const end = Math.min(box.x1, x1);
      if (start < end) this.composite.fill(box.classId, line + start, line + end);
    }
  }
}

/**
 * The boxes, old and new, that are not at the same place of both lists.
 *
 * @param {readonly Box[]} before
 * @param {readonly Box[]} after
 */
function differingBoxes(before, after) {
  const isNew = (/** @type {Box} */ box, /** @type {number} */ index, others = before) =>
    index >= others.length || !sameBox(box, others[index]);
  return [
    ...before.filter((box, index) => isNew(box, index, after)),
    ...after.filter((box, index) => isNew(box, index, before)),
  ];
}
