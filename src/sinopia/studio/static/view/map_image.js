/** The map in colours: a canvas of one pixel a map pixel, kept up to date tile by tile. */

/**
 * @import { StudioDocument } from "../core/document.js"
 * @import { Rgb } from "../core/types.js"
 */

import { paintRgba } from "../core/palette.js";
import { wholeRect } from "../core/rect.js";
import { context2d } from "./dom.js";

export class MapImage {
  #document;
  #tiles;
  #context;
  /** @type {ImageData} */
  #pixels;
  /** @type {readonly Rgb[]} */
  #colors;
  /** @type {number | null} */
  #highlight = null;

  /**
   * @param {StudioDocument} document
   * @param {readonly Rgb[]} colors by class id
   */
  constructor(document, colors) {
    this.canvas = globalThis.document.createElement("canvas");
    this.#document = document;
    this.#colors = colors;
    this.#tiles = document.trackTiles();
    this.#context = context2d(this.canvas);
    this.#pixels = this.#allocate();
    this.#paintAll();
  }

  /** Takes over what changed since the last time. */
  refresh() {
    const { width, height, composite } = this.#document;
    if (width !== this.canvas.width || height !== this.canvas.height) {
      this.#tiles.forget();
      this.#pixels = this.#allocate();
      this.#paintAll();
      return;
    }
    const options = { highlight: this.#highlight };
    for (const [x, y, w, h] of this.#tiles.take()) {
      const rect = { x0: x, y0: y, x1: x + w, y1: y + h };
      paintRgba(this.#pixels.data, composite, width, rect, this.#colors, options);
      this.#context.putImageData(this.#pixels, 0, 0, x, y, w, h);
    }
  }

  /** @param {number | null} classId the class that stands out */
  highlight(classId) {
    if (classId === this.#highlight) return;
    this.#highlight = classId;
    this.refresh();
    this.#paintAll();
  }

  #allocate() {
    this.canvas.width = this.#document.width;
    this.canvas.height = this.#document.height;
    return this.#context.createImageData(this.canvas.width, this.canvas.height);
  }

  #paintAll() {
    const { composite, width, map } = this.#document;
    const options = { highlight: this.#highlight };
    paintRgba(this.#pixels.data, composite, width, wholeRect(map), this.#colors, options);
    this.#context.putImageData(this.#pixels, 0, 0);
  }
}
