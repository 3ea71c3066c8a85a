/** Shapes drawn from corner to corner: line, rectangle, ellipse. */

/**
 * @import { Point, PointerSample, Preview, Span } from "../core/types.js"
 * @import { Tool, ToolContext, ToolSettings } from "../core/types.js"
 */

import { ellipseSpans, rectangleSpans } from "../core/spans.js";
import { strokeSpans } from "../core/strokes.js";
import { brushPreview, tipAt } from "./tip.js";

/**
 * A line of the brush's width; Shift keeps it to steps of 45 degrees.
 *
 * @param {ToolContext} context
 */
export function createLine(context) {
  return createDragTool(context, {
    id: "line",
    title: "Line",
    shortcut: "L",
    hasBrush: true,
    constrain: toEighthTurn,
    spans: (from, to, settings) =>
      strokeSpans(settings.brushShape, tipAt(from, settings), tipAt(to, settings)),
  });
}

/**
 * A filled rectangle; Shift makes it a square.
 *
 * @param {ToolContext} context
 */
export function createRectangle(context) {
  return createDragTool(context, {
    id: "rectangle",
    title: "Rectangle",
    shortcut: "R",
    hasBrush: false,
    constrain: toSquare,
    spans: (from, to) => rectangleSpans(from.x, from.y, to.x, to.y),
  });
}

/**
 * A filled ellipse; Shift makes it a circle.
 *
 * @param {ToolContext} context
 */
export function createEllipse(context) {
  return createDragTool(context, {
    id: "ellipse",
    title: "Ellipse",
    shortcut: "O",
    hasBrush: false,
    constrain: toSquare,
    spans: (from, to) => ellipseSpans(from.x, from.y, to.x, to.y),
  });
}

/**
 * Shows the shape while it is dragged and paints it when the pointer is lifted.
 *
 * @param {ToolContext} context
 * @param {object} kind
 * @param {string} kind.id
 * @param {string} kind.title
 * @param {string} kind.shortcut
 * @param {boolean} kind.hasBrush
 * @param {(from: Point, to: Point) => Point} kind.constrain where the end goes while Shift is down
 * @param {(from: PointerSample, to: PointerSample, settings: ToolSettings) => Span[]} kind.spans
 * @returns {Tool}
 */
function createDragTool(context, { id, title, shortcut, hasBrush, constrain, spans }) {
  /** @type {{from: PointerSample, to: PointerSample} | null} */
  let drag = null;
  /** @type {PointerSample | null} */
  let hovered = null;

  /** @param {PointerSample} sample */
  function move(sample) {
    hovered = sample;
    if (drag === null) return;
    const { from } = drag;
    // The whole line is as wide as where it began: a lifted pen has no pressure.
    const to = { ...sample, pressure: from.pressure };
    drag = { from, to: sample.shift ? { ...to, ...constrain(from, sample) } : to };
  }

  function cancel() {
    const isCancelled = drag !== null;
    drag = null;
    return isCancelled;
  }

  /** @returns {Preview | null} */
  function preview() {
    const { settings } = context;
    if (drag === null) return hasBrush ? brushPreview(hovered, settings) : null;
    return {
      kind: "spans",
      spans: spans(drag.from, drag.to, settings),
      classId: settings.classId,
    };
  }

  return {
    id,
    title,
    shortcut,
    cursor: "cross",
    down(sample) {
      hovered = sample;
      drag = { from: sample, to: sample };
    },
    move,
    up(sample) {
      move(sample);
      if (drag === null) return;
      const { document, settings } = context;
      const edit = document.begin(title);
      edit.paint(spans(drag.from, drag.to, settings), settings.classId);
      edit.commit();
      drag = null;
    },
    cancel,
    key: (name) => (name === "Escape" || name === "Undo") && cancel(),
    preview,
  };
}

/**
 * The corner of the square towards the pointer, whose side is the longer one.
 *
 * @param {Point} from
 * @param {Point} to
 * @returns {Point}
 */
function toSquare(from, to) {
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return {
    x: from.x + (to.x < from.x ? -side : side),
    y: from.y + (to.y < from.y ? -side : side),
  };
}

/**
 * The point nearest to `to` in one of eight directions from `from`.
 *
 * @param {Point} from
 * @param {Point} to
 * @returns {Point}
 */
function toEighthTurn(from, to) {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const eighths = Math.round((Math.atan2(dy, dx) * 4) / Math.PI);
  if (eighths % 4 === 0) return { x: to.x, y: from.y };
  if (eighths % 2 === 0) return { x: from.x, y: to.y };
  const signX = Math.sign(dx);
  const signY = Math.sign(dy);
  const side = (dx * signX + dy * signY) / 2;
  return { x: from.x + signX * side, y: from.y + signY * side };
}
