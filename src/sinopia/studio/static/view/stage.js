/** The label map: its canvas, its zoom, and what floats over it. */

/**
 * @import { Point, Size } from "../core/types.js"
 * @import { Studio, Underlay } from "./types.js"
 */

import { fit, toScreen, zoomAt, zoomStep } from "../core/viewport.js";
import { button } from "./controls.js";
import { byId, element } from "./dom.js";
import { drawOverlay } from "./stage_overlay.js";
import { listenToKeys } from "./stage_keys.js";
import { listenToPointer } from "./stage_pointer.js";
import { follow } from "./state.js";
import { createSurface } from "./surface.js";

/** Seen where pixels have no class. */
const UNLABELED_COLOR = "rgb(128 128 128 / 0.4)";

/** @param {Studio} studio */
export function createStage(studio) {
  const { document, store, commands, mapImage } = studio;
  const place = byId("stage");
  const attributes = {
    class: "stage-surface",
    tabindex: 0,
    role: "application",
    "aria-label": "Label map canvas. Arrow keys move the pointer, Enter presses and lifts it.",
    testid: "stage",
  };

  const surface = createSurface(place, attributes, draw, (size) => {
    if (store.get().isFitted) store.set({ viewport: fit(document, size) });
  });

  /** @param {CanvasRenderingContext2D} context */
  function draw(context) {
    mapImage.refresh();
    const { viewport, underlay } = store.get();
    const { x, y } = viewport;
    const width = document.width * viewport.scale;
    const height = document.height * viewport.scale;
    context.imageSmoothingEnabled = false;
    context.fillStyle = UNLABELED_COLOR;
    context.fillRect(x, y, width, height);
    context.drawImage(mapImage.canvas, x, y, width, height);
    if (underlay?.visible) drawUnderlay(context, underlay, { x, y }, { width, height });
    drawOverlay(context, studio);
  }

  /** @param {number} direction */
  function step(direction) {
    const centre = { x: surface.size.width / 2, y: surface.size.height / 2 };
    const viewport = zoomStep(store.get().viewport, centre, direction);
    store.set({ viewport, isFitted: false });
  }

  commands.set("view.larger", () => step(1));
  commands.set("view.smaller", () => step(-1));
  commands.set("view.fit", () => {
    store.set({ viewport: fit(document, surface.size), isFitted: true });
  });
  commands.set("view.pixels", () => {
    const centre = { x: surface.size.width / 2, y: surface.size.height / 2 };
    const centred = { ...fit(document, surface.size) };
    store.set({ viewport: zoomAt(centred, centre, 1), isFitted: false });
  });

  place.append(createZoomPill(studio));
  const note = element("div", { class: "canvas-note", hidden: true, testid: "stage-note" });
  place.append(note);

  document.onChange(({ kind }) => {
    if (kind === "all") {
      store.set({ viewport: fit(document, surface.size), isFitted: true });
    }
    if (kind !== "history") surface.redrawSoon();
  });
  store.subscribe(({ viewport }) => viewport, surface.redrawSoon);
  store.subscribe(({ underlay }) => underlay, surface.redrawSoon);
  store.subscribe(({ settings }) => settings, surface.redrawSoon);
  store.subscribe(({ tool }) => tool, surface.redrawSoon);
  store.subscribe(
    ({ highlighted }) => highlighted,
    (classId) => {
      mapImage.highlight(classId);
      surface.redrawSoon();
    },
  );
  follow(
    store,
    ({ connection }) => connection,
    (connection) => {
      note.hidden = connection !== "lost";
      note.textContent = "The server is away. Paint on: the picture follows when it is back.";
    },
  );

  const redraw = surface.redrawSoon;
  listenToPointer(studio, surface.canvas, redraw);
  listenToKeys(studio, surface.canvas, redraw);
  return { redraw, size: () => surface.size };
}

/**
 * In the middle of the map, as large as it goes without being distorted or cut.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Underlay} underlay
 * @param {Point} at
 * @param {Size} size of the map on the screen
 */
function drawUnderlay(context, { image, opacity }, at, size) {
  const scale = Math.min(size.width / image.width, size.height / image.height);
  const width = image.width * scale;
  const height = image.height * scale;
  const { x, y } = toScreen(
    { scale: 1, ...at },
    {
      x: (size.width - width) / 2,
      y: (size.height - height) / 2,
    },
  );
  context.save();
  context.imageSmoothingEnabled = true;
  context.globalAlpha = opacity;
  context.drawImage(image, x, y, width, height);
  context.restore();
}

/** @param {Studio} studio */
function createZoomPill({ commands }) {
  const press = (/** @type {string} */ id) => () => commands.get(id)?.();
  return element(
    "div",
    { class: "canvas-pill", role: "group", "aria-label": "Zoom" },
    button({
      label: "Zoom in",
      icon: "plus",
      key: "+",
      testid: "zoom-in",
      onClick: press("view.larger"),
    }),
    button({
      label: "Zoom out",
      icon: "minus",
      key: "-",
      testid: "zoom-out",
      onClick: press("view.smaller"),
    }),
    button({
      label: "Whole map",
      icon: "fit",
      key: "0",
      testid: "zoom-fit",
      onClick: press("view.fit"),
    }),
  );
}
