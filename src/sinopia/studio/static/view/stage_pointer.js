/** Mouse, pen and fingers on the map: painting, panning, zooming. */

/**
 * @import { Point, PointerSample } from "../core/types.js"
 * @import { Studio } from "./types.js"
 */

import { pan, toMap, zoomAt, zoomStep } from "../core/viewport.js";

const DOUBLE_CLICK_MS = 350;
const DOUBLE_CLICK_PIXELS = 6;
/** Wheels send at least this; finer steps come from a trackpad. */
const WHEEL_NOTCH = 40;

/** @type {Readonly<Record<string, string>>} */
const CURSORS = { brush: "none", cross: "crosshair", pick: "crosshair", fill: "crosshair" };

/**
 * @param {Studio} studio
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} redraw
 */
export function listenToPointer(studio, canvas, redraw) {
  const { store, toolbox, document } = studio;
  /** @type {Map<number, Point>} fingers on the canvas, by pointer id */
  const fingers = new Map();
  /** @type {{ scale: number, spread: number, middle: Point } | null} */
  let pinch = null;
  /** @type {number | null} the pointer that paints */
  let painter = null;
  /** @type {{ pointer: number, last: Point } | null} */
  let drag = null;
  let isSpaceHeld = false;
  let lastDown = { x: 0, y: 0, time: 0, clicks: 0 };

  /** @param {MouseEvent} event @returns {Point} */
  const place = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };

  /**
   * @param {PointerEvent} event
   * @param {number} clicks
   * @returns {PointerSample}
   */
  const sampleOf = (event, clicks = 0) => ({
    ...toMap(store.get().viewport, place(event)),
    pressure: event.pressure,
    pointerType: event.pointerType,
    shift: event.shiftKey,
    alt: event.altKey,
    ctrl: event.ctrlKey || event.metaKey,
    clicks,
  });

  /** @param {PointerEvent} event */
  function countClicks(event) {
    const { x, y } = place(event);
    const isNear = Math.hypot(x - lastDown.x, y - lastDown.y) < DOUBLE_CLICK_PIXELS;
    const isSoon = event.timeStamp - lastDown.time < DOUBLE_CLICK_MS;
    const clicks = isNear && isSoon ? lastDown.clicks + 1 : 1;
    lastDown = { x, y, time: event.timeStamp, clicks };
    return clicks;
  }

  function showCursor() {
    const { cursor } = toolbox;
    if (drag) canvas.style.cursor = "grabbing";
    else canvas.style.cursor = isSpaceHeld ? "grab" : (CURSORS[cursor] ?? cursor);
  }

  /** @param {PointerSample | null} sample */
  function point(sample) {
    const { width, height, composite } = document;
    const x = Math.floor(sample?.x ?? -1);
    const y = Math.floor(sample?.y ?? -1);
    const isInside = x >= 0 && y >= 0 && x < width && y < height;
    const pointed = isInside ? composite[y * width + x] : null;
    if (pointed !== store.get().pointed) store.set({ pointed });
  }

  function beginPinch() {
    if (painter !== null) toolbox.cancel();
    painter = null;
    drag = null;
    const { middle, spread } = measureFingers(fingers);
    pinch = { scale: store.get().viewport.scale, spread, middle };
  }

  function followPinch() {
    if (pinch === null || fingers.size < 2) return;
    const { middle, spread } = measureFingers(fingers);
    const { x, y } = pinch.middle;
    const moved = pan(store.get().viewport, middle.x - x, middle.y - y);
    pinch.middle = middle;
    const viewport = zoomAt(moved, middle, (pinch.scale * spread) / pinch.spread);
    store.set({ viewport, isFitted: false });
  }

  canvas.addEventListener("pointerdown", (event) => {
    // The ring is for those who came by keyboard.
    canvas.classList.add("by-pointer");
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") {
      fingers.set(event.pointerId, place(event));
      if (fingers.size === 2) beginPinch();
      if (fingers.size >= 2) return;
    }
    if (event.button === 1 || (event.button === 0 && isSpaceHeld)) {
      event.preventDefault();
      drag = { pointer: event.pointerId, last: place(event) };
      showCursor();
      return;
    }
    if (event.button !== 0 || painter !== null) return;
    painter = event.pointerId;
    toolbox.down(sampleOf(event, countClicks(event)));
    showCursor();
    redraw();
  });

  canvas.addEventListener("pointermove", (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, place(event));
    if (pinch) {
      followPinch();
      return;
    }
    if (drag?.pointer === event.pointerId) {
      const now = place(event);
      const { x, y } = drag.last;
      drag.last = now;
      store.set({ viewport: pan(store.get().viewport, now.x - x, now.y - y), isFitted: false });
      return;
    }
    if (painter !== null && painter !== event.pointerId) return;
    // Between two frames a pen reports many places; a stroke goes through all of them.
    const samples = painter === null ? [] : event.getCoalescedEvents();
    for (const each of samples.length > 0 ? samples : [event]) toolbox.move(sampleOf(each));
    point(sampleOf(event));
    showCursor();
    redraw();
  });

  /** @param {PointerEvent} event @param {boolean} isCancelled */
  function lift(event, isCancelled) {
    fingers.delete(event.pointerId);
    if (pinch && fingers.size < 2) pinch = null;
    if (drag?.pointer === event.pointerId) drag = null;
    if (painter === event.pointerId) {
      painter = null;
      if (isCancelled) toolbox.cancel();
      else toolbox.up(sampleOf(event));
    }
    showCursor();
    redraw();
  }
  canvas.addEventListener("pointerup", (event) => lift(event, false));
  canvas.addEventListener("pointercancel", (event) => lift(event, true));
  canvas.addEventListener("pointerleave", () => {
    point(null);
    redraw();
  });
  canvas.addEventListener("blur", () => canvas.classList.remove("by-pointer"));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", zoomByWheel(studio, place), { passive: false });

  window.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target !== canvas) return;
    event.preventDefault();
    isSpaceHeld = true;
    showCursor();
  });
  window.addEventListener("keyup", (event) => {
    if (event.key !== " ") return;
    isSpaceHeld = false;
    showCursor();
  });
  window.addEventListener("blur", () => {
    isSpaceHeld = false;
  });
  store.subscribe(({ tool }) => tool, showCursor);
  showCursor();
}

/** @param {ReadonlyMap<number, Point>} fingers at least two */
function measureFingers(fingers) {
  const [a, b] = [...fingers.values()];
  return {
    middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
    spread: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)),
  };
}

/**
 * A wheel zooms; a trackpad's two fingers pan, and its pinch, which arrives as Ctrl-wheel, zooms.
 *
 * @param {Studio} studio
 * @param {(event: MouseEvent) => Point} place
 */
function zoomByWheel({ store }, place) {
  /** @type {{ scale: number, time: number } | null} where a pinch has got to before snapping */
  let wanted = null;
  return (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    const { viewport } = store.get();
    const isFine =
      event.deltaMode === WheelEvent.DOM_DELTA_PIXEL && Math.abs(event.deltaY) < WHEEL_NOTCH;
    if (event.ctrlKey && isFine) {
      const isSame = wanted !== null && event.timeStamp - wanted.time < 300;
      const from = isSame && wanted ? wanted.scale : viewport.scale;
      wanted = { scale: from * Math.exp(-event.deltaY / 80), time: event.timeStamp };
      store.set({ viewport: zoomAt(viewport, place(event), wanted.scale), isFitted: false });
    } else if (event.shiftKey || isFine || event.deltaX !== 0) {
      const [dx, dy] = event.shiftKey ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
      store.set({ viewport: pan(viewport, -dx, -dy), isFitted: false });
    } else {
      store.set({ viewport: zoomStep(viewport, place(event), -event.deltaY), isFitted: false });
    }
  };
}
