/** Painting without a pointer: arrow keys move one on the map, Enter presses and lifts it. */

/** @import { Studio } from "./types.js" */

import { className } from "./state.js";

const FAR = 8;

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {Studio} studio
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} redraw
 */
export function listenToKeys({ document, store, toolbox }, canvas, redraw) {
  /** @type {{ x: number, y: number } | null} */
  let pointer = null;
  let isDown = false;

  /** @param {KeyboardEvent} event */
  const sampleOf = (event) => ({
    x: 0,
    y: 0,
    ...pointer,
    pressure: isDown ? 0.5 : 0,
    pointerType: "keyboard",
    shift: false,
    alt: false,
    ctrl: false,
    clicks: event.key === "Enter" ? 1 : 0,
  });

  function lift() {
    if (isDown) toolbox.cancel();
    isDown = false;
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    const name = event.shiftKey && step ? `Shift+${event.key}` : event.key;
    if (!isDown && toolbox.key(name)) {
      redraw();
      return;
    }
    pointer ??= {
      x: Math.floor(document.width / 2) + 0.5,
      y: Math.floor(document.height / 2) + 0.5,
    };
    if (step) {
      const distance = event.shiftKey ? FAR : 1;
      pointer.x = clamp(pointer.x + distance * step[0], document.width);
      pointer.y = clamp(pointer.y + distance * step[1], document.height);
      toolbox.move(sampleOf(event));
    } else {
      isDown = !isDown;
      if (isDown) toolbox.down(sampleOf(event));
      else toolbox.up(sampleOf(event));
    }
    const [column, line] = [Math.floor(pointer.x), Math.floor(pointer.y)];
    const pointed = document.composite[line * document.width + column];
    const words = `${className(store.get().model, pointed)}, column ${column}, line ${line}`;
    store.set({ pointed, announcement: isDown ? `Pen down: ${words}` : words });
    redraw();
  });
  canvas.addEventListener("blur", lift);
  canvas.addEventListener("pointerdown", lift, true);
}

/** @param {number} value @param {number} size */
function clamp(value, size) {
  return Math.max(0.5, Math.min(value, size - 0.5));
}
