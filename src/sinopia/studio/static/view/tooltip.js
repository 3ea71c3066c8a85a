/** One tooltip for every element that has data-tip (the words) and perhaps data-key (the key). */

import { element } from "./dom.js";

const PATIENCE = 350;

export function startTooltips() {
  // A manual popover lies above dialogs as well.
  const tip = element("div", { class: "tooltip", popover: "manual", "aria-hidden": "true" });
  document.body.append(tip);
  /** @type {number | undefined} */
  let timer;
  /** @type {HTMLElement | null} */
  let owner = null;

  const hide = () => {
    window.clearTimeout(timer);
    owner = null;
    if (tip.matches(":popover-open")) tip.hidePopover();
  };

  const show = () => {
    if (!owner?.isConnected) return;
    const { tip: words = "", key } = owner.dataset;
    tip.replaceChildren(words, ...(key ? [element("kbd", {}, key)] : []));
    tip.showPopover();
    place(tip, owner.getBoundingClientRect());
  };

  /** @param {EventTarget | null} target @param {number} patience */
  const consider = (target, patience) => {
    const found = target instanceof Element ? target.closest("[data-tip]") : null;
    if (found === owner) return;
    hide();
    if (!(found instanceof HTMLElement)) return;
    owner = found;
    timer = window.setTimeout(show, patience);
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") consider(event.target, PATIENCE);
  });
  document.addEventListener("focusin", (event) => {
    const target = event.target;
    if (target instanceof Element && target.matches(":focus-visible")) consider(target, 0);
    else hide();
  });
  for (const type of ["pointerdown", "keydown", "focusout"]) {
    document.addEventListener(type, hide, true);
  }
}

/**
 * Below its owner, or beside it at the left edge of the window.
 *
 * @param {HTMLElement} tip
 * @param {DOMRect} owner
 */
function place(tip, owner) {
  const isAtEdge = owner.right < 60;
  const left = isAtEdge ? owner.right + 8 : owner.left + owner.width / 2 - tip.offsetWidth / 2;
  const top = isAtEdge ? owner.top + owner.height / 2 - tip.offsetHeight / 2 : owner.bottom + 6;
  const lowest = window.innerHeight - tip.offsetHeight - 8;
  tip.style.left = `${clamp(left, 8, window.innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${top > lowest ? owner.top - tip.offsetHeight - 6 : top}px`;
}

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}
