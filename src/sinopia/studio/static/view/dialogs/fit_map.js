/** What to do with a map of a size that the model cannot paint. */

/**
 * @import { Model } from "../../api/types.js"
 * @import { Size } from "../../core/types.js"
 */

import { button } from "../controls.js";
import { element } from "../dom.js";
import { openDialog } from "./dialog.js";
import { LARGEST_SIDE } from "./new_map.js";

/** @param {Model} model @param {Size} size */
export function canPaint({ size_multiple: step }, { width, height }) {
  const isFit = (/** @type {number} */ side) => side % step === 0 && side <= LARGEST_SIDE;
  return isFit(width) && isFit(height);
}

/**
 * Sizes that the model can paint, nearest to the map's own first.
 *
 * @param {Model} model
 * @param {Size} size
 * @returns {Size[]}
 */
function suggestSizes(model, { width, height }) {
  const step = model.size_multiple;
  const shrink = Math.min(1, LARGEST_SIDE / Math.max(width, height));
  const [modelHeight, modelWidth] = model.size_hw;
  const toModel = Math.sqrt((modelWidth * modelHeight) / (width * height));
  const sizes = [shrink, Math.min(1, toModel)].map((scale) => ({
    width: Math.max(step, step * Math.round((width * scale) / step)),
    height: Math.max(step, step * Math.round((height * scale) / step)),
  }));
  const [first, second] = sizes;
  const isSame = first.width === second.width && first.height === second.height;
  return isSame ? [first] : sizes;
}

/**
 * @param {Model} model
 * @param {Size} size
 * @returns {Promise<Size | null>} null when the user would rather not
 */
export async function askForSize(model, size) {
  /** @type {Size | null} */
  let chosen = null;
  const choices = element("div", { class: "choices" });
  const cancel = button({ label: "Cancel", text: "Cancel", kind: "outlined" });
  const dialog = openDialog({
    title: `This map is ${size.width} \u00d7 ${size.height}`,
    testid: "fit-map",
    body: [
      element(
        "p",
        {},
        `${model.name} paints sides in steps of ${model.size_multiple}, up to ${LARGEST_SIDE}. ` +
          "Every pixel of the scaled map takes the class of the nearest old one.",
      ),
      choices,
    ],
    buttons: [cancel],
    isNarrow: true,
  });
  cancel.addEventListener("click", dialog.close);
  for (const [index, { width, height }] of suggestSizes(model, size).entries()) {
    const label = `Scale to ${width} \u00d7 ${height}`;
    const onClick = () => {
      chosen = { width, height };
      dialog.close();
    };
    choices.append(
      button({ label, text: label, kind: "outlined", testid: `fit-${index}`, onClick }),
    );
  }
  await dialog.closed;
  return chosen;
}
