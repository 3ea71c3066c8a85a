/** Size and first class of a new map. */

/**
 * @import { Model } from "../../api/types.js"
 * @import { Size } from "../../core/types.js"
 */

import { LabelMap } from "../../core/label_map.js";
import { button } from "../controls.js";
import { element } from "../dom.js";
import { openDialog } from "./dialog.js";

export const LARGEST_SIDE = 1024;

/**
 * @param {Model} model
 * @param {Size} now
 * @param {(map: LabelMap) => void} onMake
 */
export function openNewMap(model, now, onMake) {
  const step = model.size_multiple;
  const width = sideField("Width", step, now.width, "new-width");
  const height = sideField("Height", step, now.height, "new-height");
  const [modelHeight, modelWidth] = model.size_hw;
  const fill = element(
    "select",
    { class: "field", testid: "new-class" },
    ...model.vocabulary.classes.map(({ id, name }) => element("option", { value: id }, name)),
  );
  const form = element(
    "form",
    { class: "form", method: "dialog" },
    element("span", {}, "Size"),
    element("span", { class: "inline" }, width, "\u00d7", height),
    element(
      "span",
      { class: "note" },
      `Steps of ${step}. ${model.name} was trained at ${modelWidth} \u00d7 ${modelHeight}.`,
    ),
    element("label", {}, "Filled with"),
    fill,
  );
  fill.setAttribute("aria-label", "Filled with");
  const make = button({ label: "Make", text: "Make", kind: "primary", testid: "new-make" });
  const cancel = button({ label: "Cancel", text: "Cancel", kind: "outlined" });
  const dialog = openDialog({
    title: "New map",
    testid: "new-map",
    body: [element("p", {}, "The map before it stays in the undo history."), form],
    buttons: [cancel, make],
    isNarrow: true,
  });
  const submit = () => {
    if (!form.reportValidity()) return;
    dialog.close();
    onMake(LabelMap.filled(width.valueAsNumber, height.valueAsNumber, Number(fill.value)));
  };
  cancel.addEventListener("click", dialog.close);
  make.addEventListener("click", submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
}

/** @param {string} label @param {number} step @param {number} value @param {string} testid */
function sideField(label, step, value, testid) {
  return element("input", {
    class: "field number",
    type: "number",
    "aria-label": label,
    required: true,
    min: step,
    max: LARGEST_SIDE,
    step,
    value,
    testid,
  });
}
