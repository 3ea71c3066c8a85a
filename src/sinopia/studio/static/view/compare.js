/** The line between before and after: dragged, or moved by arrow keys. */

/** @import { Studio } from "./types.js" */

import { element } from "./dom.js";
import { follow } from "./state.js";

const STEP = 0.05;

/** @type {Readonly<Record<string, number>>} */
const KEYS = {
  ArrowLeft: -STEP,
  ArrowDown: -STEP,
  ArrowRight: STEP,
  ArrowUp: STEP,
  Home: -1,
  End: 1,
};

/**
 * @param {Studio["store"]} store
 * @param {HTMLElement} place
 * @param {(share: number) => void} onMove how much of the width is before, 0..1
 */
export function createCompareHandle(store, place, onMove) {
  let share = 0.5;
  const handle = element("div", {
    class: "compare-handle",
    role: "slider",
    tabindex: 0,
    "aria-label": "Before and after",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    testid: "compare-handle",
  });
  const before = element("span", { class: "compare-label before" });
  const after = element("span", { class: "compare-label after" }, "Now");
  place.append(before, after, handle);

  /** @param {number} value */
  function move(value) {
    share = Math.min(Math.max(value, 0), 1);
    handle.style.left = `${100 * share}%`;
    handle.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    onMove(share);
  }

  handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const { left, width } = place.getBoundingClientRect();
    move((event.clientX - left) / width);
  });
  handle.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move(share + step);
  });
  follow(
    store,
    ({ compare }) => compare,
    (compare) => {
      handle.hidden = before.hidden = after.hidden = compare === "off";
      before.textContent = compare === "kept" ? "Kept" : "Map";
    },
  );
  move(share);
}
