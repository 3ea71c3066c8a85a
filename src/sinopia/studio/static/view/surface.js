/** A canvas that fills its place at the screen's own resolution. */

import { context2d, element, oncePerFrame } from "./dom.js";

/** @import { Size } from "../core/types.js" */

/**
 * @param {HTMLElement} place
 * @param {Record<string, import("./dom.js").Attribute>} attributes of the canvas
 * @param {(context: CanvasRenderingContext2D, size: Size) => void} draw in CSS pixels
 * @param {(size: Size) => void} [onResize]
 */
export function createSurface(place, attributes, draw, onResize) {
  const canvas = element("canvas", attributes);
  const context = context2d(canvas);
  place.append(canvas);
  let size = { width: place.clientWidth, height: place.clientHeight };

  function redraw() {
    const ratio = window.devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    draw(context, size);
  }

  function resize() {
    size = { width: place.clientWidth, height: place.clientHeight };
    canvas.width = Math.max(1, Math.round(size.width * window.devicePixelRatio));
    canvas.height = Math.max(1, Math.round(size.height * window.devicePixelRatio));
    onResize?.(size);
    redraw();
  }

  new ResizeObserver(resize).observe(place);
  return {
    canvas,
    get size() {
      return size;
    },
    /** Now. */
    redraw,
    /** With the next frame. */
    redrawSoon: oncePerFrame(redraw),
  };
}
