/** Rectangles of whole pixels, half-open on the right and at the bottom. */

/** @import { Point, Rect, Size } from "./types.js" */

/**
 * The rectangle between two corners, given in any order.
 *
 * @param {number} xa
 * @param {number} ya
 * @param {number} xb
 * @param {number} yb
 * @returns {Rect}
 */
export function makeRect(xa, ya, xb, yb) {
  return {
    x0: Math.min(xa, xb),
    y0: Math.min(ya, yb),
    x1: Math.max(xa, xb),
    y1: Math.max(ya, yb),
  };
}

/**
 * The rectangle of a whole map.
 *
 * @param {Size} size
 * @returns {Rect}
 */
export function wholeRect({ width, height }) {
  return { x0: 0, y0: 0, x1: width, y1: height };
}

/** @param {Rect} rect */
export function isEmptyRect(rect) {
  return rect.x0 >= rect.x1 || rect.y0 >= rect.y1;
}

/**
 * The smallest rectangle around both; null stands for nothing.
 *
 * @template {Rect | null} A
 * @template {Rect | null} B
 * @param {A} a
 * @param {B} b
 * @returns {A | B | Rect}
 */
export function unionRect(a, b) {
  if (a === null) return b;
  if (b === null) return a;
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}

/**
 * What both share, or null.
 *
 * @param {Rect} a
 * @param {Rect} b
 * @returns {Rect | null}
 */
export function intersectRect(a, b) {
  const shared = {
    x0: Math.max(a.x0, b.x0),
    y0: Math.max(a.y0, b.y0),
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
  };
  return isEmptyRect(shared) ? null : shared;
}

/**
 * The part inside a map of the given size, or null.
 *
 * @param {Rect} rect
 * @param {Size} size
 */
export function clipRect(rect, size) {
  return intersectRect(rect, wholeRect(size));
}

/**
 * @param {Rect} a
 * @param {Rect} b
 */
export function sameRect(a, b) {
  return a.x0 === b.x0 && a.y0 === b.y0 && a.x1 === b.x1 && a.y1 === b.y1;
}

/**
 * @param {Rect} rect
 * @param {Point} point
 */
export function rectContains(rect, { x, y }) {
  return x >= rect.x0 && x < rect.x1 && y >= rect.y0 && y < rect.y1;
}
