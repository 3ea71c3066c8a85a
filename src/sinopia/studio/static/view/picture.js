/** The picture: drawn as it arrives, in step with the map's zoom. */

/**
 * @import { Size, Viewport } from "../core/types.js"
 * @import { Studio, StudioState } from "./types.js"
 */

import { fit, toMap } from "../core/viewport.js";
import { createCompareHandle } from "./compare.js";
import { byId, element } from "./dom.js";
import { paintHighlight } from "./highlight.js";
import { follow } from "./state.js";
import { createSurface } from "./surface.js";

/** From here on people look at pixels, and want to see them. */
const SHARP_SCALE = 8;

/** @param {Studio} studio @param {() => Size} stageSize */
export function createPicture(studio, stageSize) {
  const { document, store, mapImage } = studio;
  const place = byId("picture");
  const mask = globalThis.document.createElement("canvas");
  /** @type {ImageBitmap | null} */
  let picture = null;
  let shownSerial = 0;
  let share = 0.5;

  const attributes = {
    class: "picture-surface",
    role: "img",
    "aria-label": "Picture",
    testid: "picture",
  };
  const surface = createSurface(place, attributes, draw);
  const sentence = element("p", { class: "canvas-sentence" }, "The picture appears here.");
  place.append(sentence);

  /** @returns {Viewport} */
  function viewport() {
    const state = store.get();
    if (!state.isLinked || state.isFitted) return fit(document, surface.size);
    const from = stageSize();
    const { scale, x, y } = state.viewport;
    // The middles of the two canvases show the same place.
    return {
      scale,
      x: x + (surface.size.width - from.width) / 2,
      y: y + (surface.size.height - from.height) / 2,
    };
  }

  /** @param {CanvasRenderingContext2D} context @param {Size} size */
  function draw(context, size) {
    const state = store.get();
    const { scale, x, y } = viewport();
    const width = document.width * scale;
    const height = document.height * scale;
    const areas = /** @type {const} */ ([x, y, width, height]);
    context.imageSmoothingQuality = "high";
    if (picture !== null) {
      context.imageSmoothingEnabled = scale < SHARP_SCALE;
      context.drawImage(picture, ...areas);
    }
    const before = beforeOf(state);
    if (before !== null) {
      context.save();
      context.beginPath();
      context.rect(0, 0, size.width * share, size.height);
      context.clip();
      context.imageSmoothingEnabled = before !== mapImage.canvas && scale < SHARP_SCALE;
      context.drawImage(before, ...areas);
      context.restore();
    }
    if (state.highlighted !== null) {
      context.imageSmoothingEnabled = false;
      context.drawImage(mask, ...areas);
    }
  }

  /** @param {StudioState} state @returns {CanvasImageSource | null} */
  function beforeOf({ compare, kept }) {
    if (compare === "off") return null;
    return compare === "kept" ? kept : mapImage.canvas;
  }

  createCompareHandle(store, place, (value) => {
    share = value;
    surface.redraw();
  });

  surface.canvas.addEventListener("pointermove", (event) => {
    const { left, top } = surface.canvas.getBoundingClientRect();
    const point = { x: event.clientX - left, y: event.clientY - top };
    const { x, y } = toMap(viewport(), point);
    const isInside = x >= 0 && y >= 0 && x < document.width && y < document.height;
    const at = Math.floor(y) * document.width + Math.floor(x);
    store.set({ pointed: isInside ? document.composite[at] : null });
  });
  surface.canvas.addEventListener("pointerleave", () => store.set({ pointed: null }));

  store.subscribe(({ viewport: now }) => now, surface.redrawSoon);
  store.subscribe(({ isLinked }) => isLinked, surface.redrawSoon);
  store.subscribe(({ compare }) => compare, surface.redrawSoon);
  store.subscribe(({ kept }) => kept, surface.redrawSoon);
  follow(
    store,
    ({ highlighted }) => highlighted,
    (classId) => {
      if (classId !== null) paintHighlight(mask, document, classId);
      surface.redrawSoon();
    },
  );
  document.onChange(() => {
    if (store.get().compare === "map") surface.redrawSoon();
  });

  return {
    /** @returns {ImageBitmap | null} */
    current: () => picture,
    /**
     * Decodes a picture and draws it at once; false when a newer one came meanwhile.
     *
     * @param {number} serial
     * @param {Blob} file
     */
    async show(serial, file) {
      const decoded = await createImageBitmap(file);
      if (serial <= shownSerial) {
        decoded.close();
        return false;
      }
      shownSerial = serial;
      const before = picture;
      picture = decoded;
      sentence.hidden = true;
      surface.redraw();
      if (before !== store.get().kept) before?.close();
      return true;
    },
  };
}
