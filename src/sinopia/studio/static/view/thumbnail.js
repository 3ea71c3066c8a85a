/** Small pictures in a canvas of their own, so that no address of a blob is needed. */

import { context2d, element } from "./dom.js";

const SIDE = 160;

/** An empty one. */
export function createThumbnail() {
  return element("canvas", { width: SIDE, height: (SIDE * 3) / 4, "aria-hidden": "true" });
}

/**
 * The middle of the picture, as much as fits the canvas's proportions.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ImageBitmap} picture
 */
export function drawThumbnail(canvas, picture) {
  const context = context2d(canvas);
  context.imageSmoothingQuality = "high";
  const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  const left = (canvas.width - width) / 2;
  context.drawImage(picture, left, (canvas.height - height) / 2, width, height);
}

/**
 * A small file of a picture, to be kept with a style.
 *
 * @param {ImageBitmap} picture
 * @returns {Promise<Blob | null>}
 */
export function thumbnailFile(picture) {
  const canvas = createThumbnail();
  drawThumbnail(canvas, picture);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.85));
}
