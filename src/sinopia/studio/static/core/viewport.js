/** Zoom and pan as pure functions: screen = map * scale + (x, y). */

/** @import { Point, Size, Viewport } from "./types.js" */

const MIN_SCALE = 0.25;
const MAX_SCALE = 32;
/** A large map in a small window is shown whole, even below the smallest zoom step. */
const SMALLEST_FIT = 0.05;
/** Screen pixels that stay free around a map that is fitted. */
const FIT_MARGIN = 12;
const STEPS = [0.25, 1 / 3, 0.5, 2 / 3, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32];

/**
 * The nearest scale that may be used. Above 1 it is a whole number, so that all pixels of the map
 * look equally large.
 *
 * @param {number} scale
 */
export function snapScale(scale) {
  const bounded = Math.min(Math.max(scale, MIN_SCALE), MAX_SCALE);
  return bounded > 1 ? Math.round(bounded) : bounded;
}

/**
 * The whole map in the middle of the screen, as large as it goes. Unlike the zoom steps this need
 * not be a whole number: a small window would else leave half of itself empty.
 *
 * @param {Size} map
 * @param {Size} screen
 * @param {number} [margin] screen pixels left free on each side
 * @returns {Viewport}
 */
export function fit(map, screen, margin = FIT_MARGIN) {
  const wide = (screen.width - 2 * margin) / map.width;
  const high = (screen.height - 2 * margin) / map.height;
  const scale = Math.max(SMALLEST_FIT, Math.min(wide, high, MAX_SCALE));
  return {
    scale,
    x: Math.round((screen.width - map.width * scale) / 2),
    y: Math.round((screen.height - map.height * scale) / 2),
  };
}

/**
 * Another scale, while the map point under a screen point stays there. A pinch passes the scale at
 * its start times its spread, not the scale now, or snapping would hold it.
 *
 * @param {Viewport} viewport
 * @param {Point} point on the screen
 * @param {number} scale
 * @returns {Viewport}
 */
export function zoomAt(viewport, point, scale) {
  const snapped = snapScale(scale);
  const held = toMap(viewport, point);
  return { scale: snapped, x: point.x - held.x * snapped, y: point.y - held.y * snapped };
}

/**
 * The next larger (direction above 0) or smaller step of the zoom.
 *
 * @param {Viewport} viewport
 * @param {Point} point on the screen, stays where it is
 * @param {number} direction
 */
export function zoomStep(viewport, point, direction) {
  const { scale } = viewport;
  const next =
    direction > 0
      ? STEPS.find((step) => step > scale + 1e-9)
      : [...STEPS].reverse().find((step) => step < scale - 1e-9);
  return zoomAt(viewport, point, next ?? scale);
}

/**
 * @param {Viewport} viewport
 * @param {number} dx screen pixels
 * @param {number} dy
 * @returns {Viewport}
 */
export function pan(viewport, dx, dy) {
  return { ...viewport, x: viewport.x + dx, y: viewport.y + dy };
}

/**
 * @param {Viewport} viewport
 * @param {Point} point on the screen
 * @returns {Point}
 */
export function toMap({ scale, x, y }, point) {
  return { x: (point.x - x) / scale, y: (point.y - y) / scale };
}

/**
 * @param {Viewport} viewport
 * @param {Point} point on the map
 * @returns {Point}
 */
export function toScreen({ scale, x, y }, point) {
  return { x: point.x * scale + x, y: point.y * scale + y };
}
