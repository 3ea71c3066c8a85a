/** Beside the picture: variations and styles, or a line on why there are none. */

/** @import { Studio } from "./types.js" */

import { byId, element } from "./dom.js";
import { follow } from "./state.js";
import { createStylesPanel } from "./styles_panel.js";
import { createVariations } from "./variations.js";

/** @param {Studio} studio */
export function createStyleTray(studio) {
  const variations = createVariations(studio);
  const styles = createStylesPanel(studio);
  const sentence = element("p", { class: "no-style muted", testid: "no-style" });
  byId("style-tray").append(variations, styles, sentence);
  follow(
    studio.store,
    ({ model }) => model,
    ({ name, style_dim: styleDim }) => {
      const hasStyle = styleDim !== null;
      variations.hidden = styles.hidden = !hasStyle;
      sentence.hidden = hasStyle;
      sentence.textContent = `${name} has no style to choose: the map alone makes its picture.`;
    },
  );
}
