/** Quiet notices at the foot of the window. */

import { button } from "./controls.js";
import { byId, element } from "./dom.js";

/**
 * @typedef {Object} ToastOptions
 * @property {"notice" | "problem"} [kind]
 * @property {{ label: string, run: () => void }} [action]
 * @property {string} [id] a notice takes the place of an older one of the same id
 */

const SECONDS = { notice: 6, problem: 12 };

/**
 * @param {string} words
 * @param {ToastOptions} [options]
 */
export function showToast(words, { kind = "notice", action, id = words } = {}) {
  const area = byId("toasts");
  // Shown as a popover, so that it lies above an open dialog.
  if (!area.hasAttribute("popover")) area.setAttribute("popover", "manual");
  if (!area.matches(":popover-open")) area.showPopover();
  for (const older of area.children) {
    if (older instanceof HTMLElement && older.dataset.id === id) older.remove();
  }
  const toast = element(
    "div",
    { class: `toast ${kind}`, "data-id": id, testid: `toast-${kind}` },
    element("span", { class: "words" }, words),
  );
  const remove = () => {
    toast.remove();
    if (area.childElementCount === 0 && area.matches(":popover-open")) area.hidePopover();
  };
  if (action) {
    const act = () => {
      remove();
      action.run();
    };
    toast.append(
      button({ label: action.label, text: action.label, testid: "toast-action", onClick: act }),
    );
  }
  toast.append(button({ label: "Dismiss", icon: "close", onClick: remove }));
  area.append(toast);
  let timer = window.setTimeout(remove, SECONDS[kind] * 1000);
  // What is being read stays.
  toast.addEventListener("pointerenter", () => window.clearTimeout(timer));
  toast.addEventListener("focusin", () => window.clearTimeout(timer));
  toast.addEventListener("pointerleave", () => {
    timer = window.setTimeout(remove, SECONDS[kind] * 500);
  });
}
