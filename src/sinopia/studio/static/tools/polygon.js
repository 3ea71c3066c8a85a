/** A polygon, one corner a click; a double click, Enter or a click on the first corner closes it. */

/** @import { Point, PointerSample, Tool, ToolContext } from "../core/types.js" */

import { polygonSpans } from "../core/spans.js";

/**
 * @param {ToolContext} context
 * @returns {Tool}
 */
export function createPolygon(context) {
  /** @type {Point[]} */
  let corners = [];
  /** @type {Point | null} */
  let hovered = null;

  /** @param {Point} point */
  function isOnFirst({ x, y }) {
    const [first] = corners;
    return (
      corners.length > 2 &&
      Math.max(Math.abs(x - first.x), Math.abs(y - first.y)) <= context.tolerance
    );
  }

  /** @param {Point} corner */
  function add({ x, y }) {
    const last = corners.at(-1);
    if (last?.x !== x || last.y !== y) corners.push({ x, y });
  }

  function close() {
    if (corners.length < 3) {
      context.announce("A polygon needs three corners or more.");
      return;
    }
    const edit = context.document.begin("Polygon");
    edit.paint(polygonSpans(corners), context.settings.classId);
    edit.commit();
    corners = [];
  }

  /** @type {Record<string, () => void>} what keys do while a polygon is under way */
  const actions = {
    Enter: close,
    Escape: cancel,
    Backspace: () => corners.pop(),
    Undo: () => corners.pop(),
  };

  function cancel() {
    corners = [];
  }

  return {
    id: "polygon",
    title: "Polygon",
    shortcut: "P",
    cursor: "cross",
    down(sample) {
      hovered = sample;
      // The first click of a double click adds the corner, the second one only closes.
      const isSecondClick = sample.clicks > 1 && corners.length > 0;
      if (isSecondClick || isOnFirst(sample)) close();
      else add(sample);
    },
    /** @param {PointerSample} sample */
    move(sample) {
      hovered = sample;
    },
    up() {},
    cancel,
    key(name) {
      if (corners.length === 0 || !Object.hasOwn(actions, name)) return false;
      actions[name]();
      return true;
    },
    preview() {
      if (corners.length === 0) return null;
      const isClosed = hovered !== null && isOnFirst(hovered);
      const points = hovered === null || isClosed ? corners : [...corners, hovered];
      return { kind: "points", points: points.map(({ x, y }) => ({ x, y })), closed: isClosed };
    },
  };
}
