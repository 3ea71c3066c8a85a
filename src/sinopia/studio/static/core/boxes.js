/** Labelled boxes: lists are never changed, every function returns a new one. */

/** @import { Box, BoxHit, Handle, Point, Rect, Size } from "./types.js" */

import { sameRect } from "./rect.js";

/** @type {readonly Handle[]} */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/**
 * Adds a box on top of the others; its id is the next free one.
 *
 * @param {readonly Box[]} boxes
 * @param {number} classId
 * @param {Rect} rect
 * @returns {{boxes: Box[], box: Box}}
 */
export function addBox(boxes, classId, rect) {
  const id = boxes.reduce((highest, box) => Math.max(highest, box.id), 0) + 1;
  const { x0, y0, x1, y1 } = rect;
  const box = { id, classId, x0, y0, x1, y1 };
  return { boxes: [...boxes, box], box };
}

/**
 * @param {readonly Box[]} boxes
 * @param {number} id
 */
export function findBox(boxes, id) {
  return boxes.find((box) => box.id === id) ?? null;
}

/**
 * Moves a box by whole pixels, as far as it stays inside the map.
 *
 * @param {readonly Box[]} boxes
 * @param {number} id
 * @param {number} dx
 * @param {number} dy
 * @param {Size} size
 */
export function moveBox(boxes, id, dx, dy, size) {
  return changeBox(boxes, id, (box) => {
    const stepX = clamp(Math.round(dx), -box.x0, size.width - box.x1);
    const stepY = clamp(Math.round(dy), -box.y0, size.height - box.y1);
    return {
      ...box,
      x0: box.x0 + stepX,
      y0: box.y0 + stepY,
      x1: box.x1 + stepX,
      y1: box.y1 + stepY,
    };
  });
}

/**
 * Drags an edge or corner to the grid point nearest to (x, y). Dragged past the opposite edge, the
 * box lies on the other side of it; it keeps at least one pixel each way and stays in the map.
 *
 * @param {readonly Box[]} boxes
 * @param {number} id
 * @param {Handle} handle
 * @param {number} x
 * @param {number} y
 * @param {Size} size
 */
export function resizeBox(boxes, id, handle, x, y, size) {
  return changeBox(boxes, id, (box) => {
    const [x0, x1] = dragSide(box.x0, box.x1, handle, "w", "e", x, size.width);
    const [y0, y1] = dragSide(box.y0, box.y1, handle, "n", "s", y, size.height);
    return { ...box, x0, y0, x1, y1 };
  });
}

/**
 * @param {readonly Box[]} boxes
 * @param {number} id
 * @param {number} classId
 */
export function relabelBox(boxes, id, classId) {
  return changeBox(boxes, id, (box) => ({ ...box, classId }));
}

/**
 * @param {readonly Box[]} boxes
 * @param {number} id
 */
export function removeBox(boxes, id) {
  return boxes.filter((box) => box.id !== id);
}

/**
 * The topmost box at a point. Its border counts `tolerance` outwards and, so that small boxes can
 * still be moved, at most a quarter of the side inwards.
 *
 * @param {readonly Box[]} boxes
 * @param {number} x
 * @param {number} y
 * @param {number} tolerance
 * @returns {BoxHit | null}
 */
export function hitTest(boxes, x, y, tolerance) {
  for (const box of [...boxes].reverse()) {
    const across = hitSide(x, box.x0, box.x1, tolerance);
    const down = hitSide(y, box.y0, box.y1, tolerance);
    if (across === null || down === null) continue;
    const vertical = { start: "n", end: "s", middle: "" }[down];
    const horizontal = { start: "w", end: "e", middle: "" }[across];
    const handle = /** @type {Handle | ""} */ (vertical + horizontal);
    return { box, handle: handle || "inside" };
  }
  return null;
}

/**
 * Where the eight handles of a box lie.
 *
 * @param {Rect} box
 * @returns {(Point & {handle: Handle})[]}
 */
export function boxHandles(box) {
  const middleX = (box.x0 + box.x1) / 2;
  const middleY = (box.y0 + box.y1) / 2;
  return HANDLES.map((handle) => ({
    handle,
    x: handle.includes("w") ? box.x0 : handle.includes("e") ? box.x1 : middleX,
    y: handle.includes("n") ? box.y0 : handle.includes("s") ? box.y1 : middleY,
  }));
}

/**
 * @param {readonly Box[]} a
 * @param {readonly Box[]} b
 */
export function sameBoxes(a, b) {
  return a.length === b.length && a.every((box, index) => sameBox(box, b[index]));
}

/**
 * @param {Box} a
 * @param {Box} b
 */
export function sameBox(a, b) {
  return a.id === b.id && a.classId === b.classId && sameRect(a, b);
}

/**
 * @param {readonly Box[]} boxes
 * @param {number} id
 * @param {(box: Box) => Box} change
 */
function changeBox(boxes, id, change) {
  return boxes.map((box) => (box.id === id ? change(box) : box));
}

/**
 * One axis of resizing: the start or the end goes to `target`, or neither.
 *
 * @param {number} start
 * @param {number} end
 * @param {Handle} handle
 * @param {string} startName
 * @param {string} endName
 * @param {number} target
 * @param {number} limit
 * @returns {[number, number]}
 */
function dragSide(start, end, handle, startName, endName, target, limit) {
  if (!handle.includes(startName) && !handle.includes(endName)) return [start, end];
  const isStart = handle.includes(startName);
  const fixed = isStart ? end : start;
  let moved = clamp(Math.round(target), 0, limit);
  if (moved === fixed) moved = isStart ? fixed - 1 : fixed + 1;
  return [Math.min(fixed, moved), Math.max(fixed, moved)];
}

/**
 * @param {number} value
 * @param {number} start
 * @param {number} end
 * @param {number} tolerance
 * @returns {"start" | "end" | "middle" | null}
 */
function hitSide(value, start, end, tolerance) {
  if (value < start - tolerance || value > end + tolerance) return null;
  const inwards = Math.min(tolerance, (end - start) / 4);
  if (value < start + inwards) return "start";
  return value > end - inwards ? "end" : "middle";
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
