/** A map cut into tiles of 32 x 32 pixels; those at the right and bottom may be smaller. */

/** @import { Rect, Size, Tile } from "./types.js" */

const TILE_BITS = 5;
export const TILE_SIDE = 1 << TILE_BITS;

/** The numbering of the tiles of one map size, line after line. */
export class TileGrid {
  /** @param {Size} size */
  constructor({ width, height }) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / TILE_SIDE);
    this.count = this.columns * Math.ceil(height / TILE_SIDE);
  }

  /**
   * The tile that holds a pixel.
   *
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    return (y >> TILE_BITS) * this.columns + (x >> TILE_BITS);
  }

  /**
   * @param {number} tile
   * @returns {Rect}
   */
  rect(tile) {
    const x0 = (tile % this.columns) * TILE_SIDE;
    const y0 = Math.floor(tile / this.columns) * TILE_SIDE;
    return {
      x0,
      y0,
      x1: Math.min(x0 + TILE_SIDE, this.width),
      y1: Math.min(y0 + TILE_SIDE, this.height),
    };
  }

  /**
   * The tiles that a rectangle inside the map touches.
   *
   * @param {Rect} rect not empty
   */
  *touching(rect) {
    for (let y = rect.y0 >> TILE_BITS; y <= (rect.y1 - 1) >> TILE_BITS; y++) {
      for (let x = rect.x0 >> TILE_BITS; x <= (rect.x1 - 1) >> TILE_BITS; x++) {
        yield y * this.columns + x;
      }
    }
  }
}

/**
 * A copy of the ids of a rectangle, line after line.
 *
 * @param {Uint8Array} ids
 * @param {number} width of the map
 * @param {Rect} rect inside the map
 */
export function readRect(ids, width, { x0, y0, x1, y1 }) {
  const part = new Uint8Array((x1 - x0) * (y1 - y0));
  for (let y = y0, at = 0; y < y1; y++, at += x1 - x0) {
    part.set(ids.subarray(y * width + x0, y * width + x1), at);
  }
  return part;
}

/**
 * @param {Uint8Array} ids changed
 * @param {number} width of the map
 * @param {Rect} rect inside the map
 * @param {Uint8Array} part the new ids of the rectangle, line after line
 */
export function writeRect(ids, width, { x0, y0, x1, y1 }, part) {
  for (let y = y0, at = 0; y < y1; y++, at += x1 - x0) {
    ids.set(part.subarray(at, at + x1 - x0), y * width + x0);
  }
}

/**
 * The ids of several tiles one after another: the payload of a live "change".
 *
 * @param {Uint8Array} ids
 * @param {number} width of the map
 * @param {readonly Tile[]} tiles
 */
export function gatherTiles(ids, width, tiles) {
  const areas = tiles.map(([, , tileWidth, tileHeight]) => tileWidth * tileHeight);
  const gathered = new Uint8Array(areas.reduce((sum, area) => sum + area, 0));
  let at = 0;
  for (const [x, y, tileWidth, tileHeight] of tiles) {
    const rect = { x0: x, y0: y, x1: x + tileWidth, y1: y + tileHeight };
    gathered.set(readRect(ids, width, rect), at);
    at += tileWidth * tileHeight;
  }
  return gathered;
}

/**
 * Run-length packing: pairs of (length - 1, id). Painted tiles are mostly one or two classes, so
 * 1024 pixels take some tens of bytes.
 *
 * @param {Uint8Array} ids
 */
export function packRuns(ids) {
  const packed = new Uint8Array(2 * ids.length);
  let end = 0;
  for (let at = 0; at < ids.length;) {
    const start = at;
    while (at < ids.length && at - start < 256 && ids[at] === ids[start]) at++;
    packed[end++] = at - start - 1;
    packed[end++] = ids[start];
  }
  return packed.slice(0, end);
}

/**
 * @param {Uint8Array} packed
 * @param {number} length of the unpacked ids
 */
export function unpackRuns(packed, length) {
  const ids = new Uint8Array(length);
  for (let from = 0, at = 0; from < packed.length; from += 2) {
    const end = at + packed[from] + 1;
    ids.fill(packed[from + 1], at, end);
    at = end;
  }
  return ids;
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
