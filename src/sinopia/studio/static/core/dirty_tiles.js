/** Which pixels of a picture of ids one consumer has not seen yet. */

/** @import { Rect, Size, Tile } from "./types.js" */

import { TileGrid } from "./tiles.js";

/** Keeps what the consumer saw last, so that paint that was taken back meanwhile costs nothing. */
export class DirtyTiles {
  #grid;
  #composite;
  /** @type {Uint8Array} */
  #seen;
  /** @type {Uint8Array} */
  #isMarked;
  #isWholeNew = false;
  #onClose;

  /**
   * @param {Size} size
   * @param {Uint8Array} composite read at every take
   * @param {(tiles: DirtyTiles) => void} onClose
   */
  constructor(size, composite, onClose) {
    this.#grid = new TileGrid(size);
    this.#composite = composite;
    this.#seen = composite.slice();
    this.#isMarked = new Uint8Array(this.#grid.count);
    this.#onClose = onClose;
  }

  /**
   * Says that a part may have changed.
   *
   * @param {Rect} rect inside the map
   */
  mark(rect) {
    for (const tile of this.#grid.touching(rect)) this.#isMarked[tile] = 1;
  }

  /**
   * Another picture took the place of this one: the next take is all of it.
   *
   * @param {Size} size
   * @param {Uint8Array} composite
   */
  replace(size, composite) {
    this.#grid = new TileGrid(size);
    this.#composite = composite;
    this.#seen = composite.slice();
    this.#isMarked = new Uint8Array(this.#grid.count);
    this.#isWholeNew = true;
  }

  /**
   * Rectangles around the pixels that differ from what the last take left: one for each run of
   * neighbouring tiles that changed in the same lines; all of the map after `replace`.
   *
   * @returns {Tile[]}
   */
  take() {
    /** @type {Tile[]} */
    const taken = [];
    for (let tile = this.#isMarked.indexOf(1); tile >= 0; tile = this.#isMarked.indexOf(1, tile)) {
      this.#isMarked[tile] = 0;
      const change = this.#settle(this.#grid.rect(tile));
      if (change === null) continue;
      const before = taken.at(-1);
      const [x, y, width, height] = change;
      if (before && before[0] + before[2] === x && before[1] === y && before[3] === height) {
        before[2] += width;
      } else {
        taken.push(change);
      }
    }
    if (!this.#isWholeNew) return taken;
    this.#isWholeNew = false;
    return [[0, 0, this.#grid.width, this.#grid.height]];
  }

  /** The consumer knows everything as it is now, for instance because it was sent whole. */
  forget() {
    this.take();
  }

  /** No longer kept up to date. */
  close() {
    this.#onClose(this);
  }

  /**
   * The rectangle around the pixels of a tile that differ, which then count as seen.
   *
   * @param {Rect} tile
   * @returns {Tile | null}
   */
  #settle({ x0, y0, x1, y1 }) {
    const { width } = this.#grid;
    let left = x1;
    let right = x0;
    let top = y1;
    let bottom = y0;
    for (let y = y0; y < y1; y++) {
      for (let x = x0, at = y * width + x0; x < x1; x++, at++) {
        if (this.#composite[at] === this.#seen[at]) continue;
        this.#seen[at] = this.#composite[at];
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
        top = Math.min(top, y);
        bottom = y + 1;
      }
    }
    return left < right ? [left, top, right - left, bottom - top] : null;
  }
}
