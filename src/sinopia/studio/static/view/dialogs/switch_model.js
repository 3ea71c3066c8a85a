/** Asks before the map is translated into another model's classes. */

import { button } from "../controls.js";
import { element } from "../dom.js";
import { openDialog } from "./dialog.js";

/**
 * @param {Object} options
 * @param {string} options.model
 * @param {string} options.first the class that takes the place of those it does not have
 * @param {readonly string[]} options.unmatched
 * @returns {Promise<boolean>}
 */
export async function askToSwitch({ model, first, unmatched }) {
  let isWanted = false;
  const lost =
    unmatched.length === 0
      ? "It has all classes of this map."
      : `It does not have ${unmatched.join(", ")}: those pixels become ${first}.`;
  const go = button({ label: "Switch", text: "Switch", kind: "primary", testid: "switch-go" });
  const cancel = button({ label: "Cancel", text: "Cancel", kind: "outlined" });
  const dialog = openDialog({
    title: `Switch to ${model}`,
    testid: "switch-model",
    body: [
      element("p", {}, `${model} paints other classes. ${lost}`),
      element(
        "p",
        {},
        "The undo history ends here. Save a project first to keep this map as it is.",
      ),
    ],
    buttons: [cancel, go],
    isNarrow: true,
  });
  cancel.addEventListener("click", dialog.close);
  go.addEventListener("click", () => {
    isWanted = true;
    dialog.close();
  });
  await dialog.closed;
  return isWanted;
}
