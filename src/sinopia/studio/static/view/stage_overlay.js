/** What lies over the map but is not of it: boxes with names and handles, tool previews. */

/**
 * @import { Box, Handle, Point, Preview, Rgb, Viewport } from "../core/types.js"
 * @import { Studio } from "./types.js"
 */

import { toScreen } from "../core/viewport.js";
import { cssColor } from "./dom.js";
import { className, colorsOf } from "./state.js";

const DARK = "rgb(0 0 0 / 0.75)";
const LIGHT = "rgb(255 255 255 / 0.95)";
const HANDLE_SIDE = 9;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Studio} studio
 */
export function drawOverlay(context, { document, store, toolbox }) {
  const { viewport, model } = store.get();
  const preview = toolbox.preview();
  if (document.boxesVisible) {
    for (const box of document.boxes)
      drawBox(context, viewport, box, className(model, box.classId));
  }
  const isPointerHere = context.canvas.matches(":hover, :focus-visible");
  if (preview === null || (preview.kind === "brush" && !isPointerHere)) return;
  drawPreview(context, viewport, preview, colorsOf(model));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 * @param {Preview} preview
 * @param {readonly Rgb[]} colors
 */
function drawPreview(context, viewport, preview, colors) {
  if (preview.kind === "spans") {
    context.fillStyle = cssColor(colors[preview.classId] ?? [0, 0, 0]);
    const { scale } = viewport;
    for (const [y, x0, x1] of preview.spans) {
      const { x, y: top } = toScreen(viewport, { x: x0, y });
      context.fillRect(x, top, (x1 - x0) * scale, scale);
    }
  } else if (preview.kind === "points") {
    drawPoints(context, viewport, preview.points, preview.closed);
  } else if (preview.kind === "brush") {
    drawRing(context, viewport, preview);
  } else {
    drawSelected(context, viewport, preview.box, preview.handles);
  }
}

/**
 * Two lines, a dark and a light one, are seen on every colour.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {() => void} trace
 */
function strokeTwice(context, trace) {
  context.beginPath();
  trace();
  context.lineWidth = 3;
  context.strokeStyle = DARK;
  context.stroke();
  context.lineWidth = 1.25;
  context.strokeStyle = LIGHT;
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 * @param {Extract<Preview, { kind: "brush" }>} brush
 */
function drawRing(context, viewport, { x, y, diameter, shape }) {
  const centre = toScreen(viewport, { x, y });
  const radius = Math.max((diameter * viewport.scale) / 2, 2);
  strokeTwice(context, () => {
    if (shape === "round") context.arc(centre.x, centre.y, radius, 0, 2 * Math.PI);
    else context.rect(centre.x - radius, centre.y - radius, 2 * radius, 2 * radius);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 * @param {readonly Point[]} points
 * @param {boolean} isClosed
 */
function drawPoints(context, viewport, points, isClosed) {
  const places = points.map((point) => toScreen(viewport, point));
  strokeTwice(context, () => {
    for (const [index, { x, y }] of places.entries()) {
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    if (isClosed) context.closePath();
  });
  for (const { x, y } of places) {
    context.beginPath();
    context.arc(x, y, 3, 0, 2 * Math.PI);
    context.fillStyle = LIGHT;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = DARK;
    context.stroke();
  }
}

/**
 * @param {Viewport} viewport
 * @param {Box} box
 */
function onScreen(viewport, { x0, y0, x1, y1 }) {
  const { x, y } = toScreen(viewport, { x: x0, y: y0 });
  return { x, y, width: (x1 - x0) * viewport.scale, height: (y1 - y0) * viewport.scale };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 * @param {Box} box
 * @param {string} name
 */
function drawBox(context, viewport, box, name) {
  const { x, y, width, height } = onScreen(viewport, box);
  strokeTwice(context, () => context.rect(x, y, width, height));
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const labelWidth = context.measureText(name).width + 10;
  const labelTop = y >= 20 ? y - 20 : y + 3;
  context.fillStyle = DARK;
  context.beginPath();
  context.roundRect(x, labelTop, labelWidth, 17, 4);
  context.fill();
  context.fillStyle = LIGHT;
  context.fillText(name, x + 5, labelTop + 9);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} viewport
 * @param {Box} box
 * @param {readonly (Point & { handle: Handle })[]} handles
 */
function drawSelected(context, viewport, box, handles) {
  // The canvas has the accent as its text colour, resolved for the theme.
  const accent = getComputedStyle(context.canvas).color;
  const { x, y, width, height } = onScreen(viewport, box);
  context.lineWidth = 2;
  context.strokeStyle = accent;
  context.strokeRect(x, y, width, height);
  for (const handle of handles) {
    const place = toScreen(viewport, handle);
    const half = HANDLE_SIDE / 2;
    context.beginPath();
    context.roundRect(place.x - half, place.y - half, HANDLE_SIDE, HANDLE_SIDE, 2);
    context.fillStyle = LIGHT;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = accent;
    context.stroke();
  }
}
