/** Makes one class stand out in the picture: the rest dims, its edge gets a line. */

/** @import { StudioDocument } from "../core/document.js" */

import { context2d } from "./dom.js";

// Bytes in memory are red, green, blue, alpha; as one little-endian number alpha comes first.
const DIM = 0x99181818;
const EDGE = 0xffffffff;

/**
 * One pixel a map pixel: clear where the class is, dark elsewhere, white along its edge.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {StudioDocument} document
 * @param {number} classId
 */
export function paintHighlight(canvas, { composite, width, height }, classId) {
  canvas.width = width;
  canvas.height = height;
  const context = context2d(canvas);
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < composite.length; at++) {
    if (composite[at] === classId) continue;
    const x = at % width;
    const touches =
      (x > 0 && composite[at - 1] === classId) ||
      (x < width - 1 && composite[at + 1] === classId) ||
      composite[at - width] === classId ||
      composite[at + width] === classId;
    pixels[at] = touches ? EDGE : DIM;
  }
  context.putImageData(image, 0, 0);
}
