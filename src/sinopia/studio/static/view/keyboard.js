/** Keys to commands, unless someone types or a dialog is open. */

/** @import { Studio } from "./types.js" */

import { matchKey } from "../core/keymap.js";
import { isTyping } from "./dom.js";

const FOR_THE_TOOL = "key.";

/** @param {Studio} studio */
export function listenToKeyboard({ commands, toolbox, redrawStage }) {
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const isChord = event.ctrlKey || event.metaKey;
    if (isTyping(event) && !isChord) return;
    const id = matchKey(event);
    if (id === null) return;
    if (id.startsWith(FOR_THE_TOOL)) {
      // Enter on a button presses it, arrows on a slider move it, Escape closes a menu.
      if (belongsToControl(event)) return;
      if (!toolbox.key(id.slice(FOR_THE_TOOL.length))) return;
      event.preventDefault();
      redrawStage();
      return;
    }
    // Typed text has an undo of its own.
    if (isTyping(event) && id.startsWith("edit.")) return;
    const command = commands.get(id);
    if (command === undefined) return;
    event.preventDefault();
    command();
  });
}

/** @param {KeyboardEvent} event */
function belongsToControl({ key, target }) {
  if (!(target instanceof Element)) return false;
  if (key === "Escape")
    return document.querySelector(":popover-open:not(.toasts, .tooltip)") !== null;
  const isControl = target.closest("button, input, select, [role=slider]") !== null;
  return isControl && (key === "Enter" || key.startsWith("Arrow"));
}
