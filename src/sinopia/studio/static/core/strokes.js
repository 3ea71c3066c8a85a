/** What the brush covers: one dab, or the way from one place to the next. */

/**
 * @import { Covers } from "./spans.js"
 * @import { BrushShape, Point, Span, Tip } from "./types.js"
 */

import { convexSpans } from "./spans.js";

/**
 * Everything that the brush sweeps over on its straight way from one tip to the next, while its
 * diameter changes evenly.
 *
 * @param {BrushShape} shape
 * @param {Tip} from
 * @param {Tip} to
 * @returns {Span[]}
 */
export function strokeSpans(shape, from, to) {
  const top = Math.min(from.y - from.diameter / 2, to.y - to.diameter / 2);
  const bottom = Math.max(from.y + from.diameter / 2, to.y + to.diameter / 2);
  return shape === "round"
    ? convexSpans(top, bottom, roundSection(from, to), sweptByDisc(from, to))
    : convexSpans(top, bottom, squareSection(from, to), sweptBySquare(from, to));
}

/**
 * Where a line meets the hull of two discs: in the discs, or in the band between their tangents.
 *
 * @param {Tip} from
 * @param {Tip} to
 * @returns {(y: number) => [number, number] | null}
 */
function roundSection(from, to) {
  const sides = tangents(from, to);
  return (y) => {
    let left = Infinity;
    let right = -Infinity;
    for (const { x, y: cy, diameter } of [from, to]) {
      const square = (diameter / 2) ** 2 - (y - cy) ** 2;
      if (square < 0) continue;
      left = Math.min(left, x - Math.sqrt(square));
      right = Math.max(right, x + Math.sqrt(square));
    }
    for (const [a, b] of sides) {
      if (a.y === b.y || y < Math.min(a.y, b.y) || y > Math.max(a.y, b.y)) continue;
      const x = a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x);
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
    return left <= right ? [left, right] : null;
  };
}

/**
 * The two outer tangents, from touching point to touching point; none when one disc holds the other.
 *
 * @param {Tip} from
 * @param {Tip} to
 * @returns {[Point, Point][]}
 */
function tangents(from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const square = dx * dx + dy * dy;
  const narrowing = (from.diameter - to.diameter) / 2;
  if (square <= narrowing * narrowing) return [];
  const along = narrowing / square;
  const across = Math.sqrt(square - narrowing * narrowing) / square;
  return [across, -across].map((side) => {
    const normal = { x: along * dx - side * dy, y: along * dy + side * dx };
    return [touchingPoint(from, normal), touchingPoint(to, normal)];
  });
}

/**
 * @param {Tip} tip
 * @param {Point} normal
 * @returns {Point}
 */
function touchingPoint(tip, normal) {
  const radius = tip.diameter / 2;
  return { x: tip.x + radius * normal.x, y: tip.y + radius * normal.y };
}

/**
 * A point at p is swept when, at some t in 0..1, it is no further from the centre c(t) than the
 * radius r(t): |p - c(t)|^2 - r(t)^2 = a t^2 + 2 b t + c <= 0.
 *
 * @param {Tip} from
 * @param {Tip} to
 * @returns {Covers}
 */
function sweptByDisc(from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const radius = from.diameter / 2;
  const growth = to.diameter / 2 - radius;
  const a = dx * dx + dy * dy - growth * growth;
  return (x, y) => {
    const px = x - from.x;
    const py = y - from.y;
    const b = -(px * dx + py * dy + radius * growth);
    const c = px * px + py * py - radius * radius;
    if (c <= 0 || a + 2 * b + c <= 0) return true;
    return a > 0 && b < 0 && -b < a && b * b >= a * c;
  };
}

/**
 * Where a line meets the sweep of a square: a range of t in which the square reaches the line, and
 * both sides of the square move evenly, so the ends of the range tell.
 *
 * @param {Tip} from
 * @param {Tip} to
 * @returns {(y: number) => [number, number] | null}
 */
function squareSection(from, to) {
  const start = squareAt(from);
  const end = squareAt(to);
  return (y) => {
    const range = { first: 0, last: 1 };
    narrow(range, start.top - y, end.top - y);
    narrow(range, y - start.bottom, y - end.bottom);
    if (range.first > range.last) return null;
    const lefts = [range.first, range.last].map((t) => start.left + t * (end.left - start.left));
    const rights = [range.first, range.last].map(
      (t) => start.right + t * (end.right - start.right),
    );
    return [Math.min(...lefts), Math.max(...rights)];
  };
}

/** @param {Tip} tip */
function squareAt({ x, y, diameter }) {
  const half = diameter / 2;
  return { left: x - half, right: x + half, top: y - half, bottom: y + half };
}

/**
 * Keeps the t of the range at which a value, going evenly from `start` to `end`, is not above zero.
 *
 * @param {{first: number, last: number}} range
 * @param {number} start
 * @param {number} end
 */
function narrow(range, start, end) {
  if (start > 0 && end > 0) range.first = Infinity;
  else if (start > 0) range.first = Math.max(range.first, start / (start - end));
  else if (end > 0) range.last = Math.min(range.last, start / (start - end));
}

/**
 * A point is swept when at some t in 0..1 it is right of the left side and left of the right one,
 * and the same downwards. Each of these holds on one side of some t, given here as a fraction; all
 * hold at once when every bound from below agrees with every bound from above.
 *
 * @param {Tip} from
 * @param {Tip} to
 * @returns {Covers}
 */
function sweptBySquare(from, to) {
  const start = squareAt(from);
  const end = squareAt(to);
  return (x, y) => {
    const bounds = new Bounds();
    bounds.demand(start.left - x, end.left - x, false);
    bounds.demand(x - start.right, x - end.right, true);
    bounds.demand(start.top - y, end.top - y, false);
    bounds.demand(y - start.bottom, y - end.bottom, true);
    return bounds.agree();
  };
}

/** @typedef {{over: number, under: number, isStrict: boolean}} Bound the fraction over / under */

class Bounds {
  /** @type {Bound[]} */
  #below = [{ over: 0, under: 1, isStrict: false }];
  /** @type {Bound[]} */
  #above = [{ over: 1, under: 1, isStrict: false }];
  #isPossible = true;

  /**
   * Demands that a value, going evenly from `start` to `end`, is not above zero, or is below it.
   *
   * @param {number} start
   * @param {number} end
   * @param {boolean} isStrict
   */
  demand(start, end, isStrict) {
    if (start > end) this.#below.push({ over: start, under: start - end, isStrict });
    else if (start < end) this.#above.push({ over: -start, under: end - start, isStrict });
    else if (start > 0 || (isStrict && start === 0)) this.#isPossible = false;
  }

  agree() {
    return (
      this.#isPossible &&
      this.#below.every((low) =>
        this.#above.every((high) => {
          const gap = high.over * low.under - low.over * high.under;
          return low.isStrict || high.isStrict ? gap > 0 : gap >= 0;
        }),
      )
    );
  }
}
