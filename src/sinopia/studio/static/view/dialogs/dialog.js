/** The frame of every dialog. Escape, the cross and a click beside it close it. */

import { button } from "../controls.js";
import { element } from "../dom.js";

let dialogs = 0;

/**
 * Opens a modal dialog; the browser keeps the focus inside and gives it back afterwards.
 *
 * @param {Object} options
 * @param {string} options.title
 * @param {string} options.testid
 * @param {readonly Node[]} options.body
 * @param {readonly HTMLElement[]} [options.buttons]
 * @param {boolean} [options.isNarrow]
 */
export function openDialog({ title, testid, body, buttons = [], isNarrow = false }) {
  const id = `dialog-${++dialogs}`;
  const dialog = element("dialog", {
    class: isNarrow ? "dialog narrow" : "dialog",
    "aria-labelledby": id,
    testid,
  });
  const close = () => dialog.close();
  dialog.append(
    element(
      "div",
      { class: "dialog-head" },
      element("h2", { id }, title),
      button({ label: "Close", icon: "close", testid: "dialog-close", onClick: close }),
    ),
    element("div", { class: "dialog-body" }, ...body),
  );
  if (buttons.length > 0) dialog.append(element("div", { class: "dialog-foot" }, ...buttons));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  /** @type {Promise<void>} */
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
  });
  document.body.append(dialog);
  dialog.showModal();
  return { element: dialog, close, closed };
}
