/**
 * Shapes as spans of pixels. A pixel belongs to a shape exactly when its centre does: there are no
 * half-covered pixels, so no shape ever invents a class between two others.
 *
 * Shapes with straight sides own their left and top border, not the right and bottom one, so that
 * neighbours share no pixel and miss none. Round shapes own their whole border.
 */

/** @import { Point, Span } from "./types.js" */

/** @typedef {(x: number, y: number) => boolean} Covers whether a pixel's centre is in the shape */

/**
 * The rectangle between two corners.
 *
 * @param {number} xa
 * @param {number} ya
 * @param {number} xb
 * @param {number} yb
 * @returns {Span[]}
 */
export function rectangleSpans(xa, ya, xb, yb) {
  const x0 = firstCentre(Math.min(xa, xb));
  const x1 = firstCentre(Math.max(xa, xb));
  const y1 = firstCentre(Math.max(ya, yb));
  /** @type {Span[]} */
  const spans = [];
  if (x0 >= x1) return spans;
  for (let y = firstCentre(Math.min(ya, yb)); y < y1; y++) spans.push([y, x0, x1]);
  return spans;
}

/**
 * The ellipse that fills the rectangle between two corners.
 *
 * @param {number} xa
 * @param {number} ya
 * @param {number} xb
 * @param {number} yb
 * @returns {Span[]}
 */
export function ellipseSpans(xa, ya, xb, yb) {
  const cx = (xa + xb) / 2;
  const cy = (ya + yb) / 2;
  const rx = Math.abs(xb - xa) / 2;
  const ry = Math.abs(yb - ya) / 2;
  if (rx === 0 || ry === 0) return [];
  return convexSpans(
    cy - ry,
    cy + ry,
    (y) => {
      const half = rx * Math.sqrt(Math.max(0, 1 - ((y - cy) / ry) ** 2));
      return [cx - half, cx + half];
    },
    (x, y) => ((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2,
  );
}

/**
 * A polygon, closed from the last point to the first. Where it crosses itself, a point is inside
 * when a ray from it meets the outline an odd number of times.
 *
 * @param {readonly Point[]} points
 * @returns {Span[]}
 */
export function polygonSpans(points) {
  /** @type {Map<number, number[]>} */
  const crossings = new Map();
  points.forEach((a, index) => {
    const b = points[(index + 1) % points.length];
    const [upper, lower] = a.y <= b.y ? [a, b] : [b, a];
    const end = firstCentre(lower.y);
    for (let y = firstCentre(upper.y); y < end; y++) {
      // Multiplied before it is divided, so that a centre on the edge is found to be just there.
      const across = (y + 0.5 - upper.y) * (lower.x - upper.x);
      const x = firstCentre(upper.x + across / (lower.y - upper.y));
      const line = crossings.get(y);
      if (line) line.push(x);
      else crossings.set(y, [x]);
    }
  });
  /** @type {Span[]} */
  const spans = [];
  for (const y of [...crossings.keys()].sort((a, b) => a - b)) {
    const line = /** @type {number[]} */ (crossings.get(y)).sort((a, b) => a - b);
    for (let i = 0; i + 1 < line.length; i += 2) {
      if (line[i] < line[i + 1]) spans.push([y, line[i], line[i + 1]]);
    }
  }
  return spans;
}

/**
 * The first pixel whose centre is at or after the coordinate.
 *
 * @param {number} coordinate
 */
function firstCentre(coordinate) {
  return Math.ceil(coordinate - 0.5);
}

/**
 * The spans of a convex shape. `section` says roughly where a line meets the shape; `covers`, which
 * does without roots and divisions, then decides the pixels at both ends.
 *
 * @param {number} top
 * @param {number} bottom
 * @param {(y: number) => [left: number, right: number] | null} section
 * @param {Covers} covers
 * @returns {Span[]}
 */
export function convexSpans(top, bottom, section, covers) {
  /** @type {Span[]} */
  const spans = [];
  for (let line = firstCentre(top); line + 0.5 <= bottom; line++) {
    const y = line + 0.5;
    const found = section(y);
    if (found === null) continue;
    let x0 = firstCentre(found[0]);
    let x1 = Math.max(x0, Math.floor(found[1] - 0.5) + 1);
    while (covers(x0 - 0.5, y)) x0--;
    while (x0 < x1 && !covers(x0 + 0.5, y)) x0++;
    while (covers(x1 + 0.5, y)) x1++;
    while (x0 < x1 && !covers(x1 - 0.5, y)) x1--;
    if (x0 < x1) spans.push([line, x0, x1]);
  }
  return spans;
}
