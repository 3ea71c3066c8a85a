/** The brush's tip under the pointer. */

/** @import { PointerSample, Tip, ToolSettings } from "../core/types.js" */

/**
 * Pressure changes the diameter only, and only a pen's: a mouse has none to speak of. A tip that
 * is thinner than a pixel's diagonal could lie between all pixel centres and paint nothing, or the
 * pixel beside the pointer, so it is put on the centre of the pixel under the pointer.
 *
 * @param {PointerSample} sample
 * @param {ToolSettings} settings
 * @returns {Tip}
 */
export function tipAt({ x, y, pressure, pointerType }, { brushSize, usePressure }) {
  const share = usePressure && pointerType === "pen" ? pressure : 1;
  const diameter = Math.max(1, brushSize * share);
  if (diameter < Math.SQRT2) {
    return { x: Math.floor(x) + 0.5, y: Math.floor(y) + 0.5, diameter };
  }
  return { x, y, diameter };
}

/**
 * The outline that follows the pointer.
 *
 * @param {PointerSample | null} hovered
 * @param {ToolSettings} settings
 */
export function brushPreview(hovered, settings) {
  if (hovered === null) return null;
  const shape = settings.brushShape;
  return { kind: /** @type {const} */ ("brush"), ...tipAt(hovered, settings), shape };
}
