/** The styles that a model brings along, a button each, such as noon, dusk and fog. */

/** @import { Studio } from "./types.js" */

import { button } from "./controls.js";
import { element } from "./dom.js";
import { follow } from "./state.js";

/** @param {Studio} studio */
export function createModelStyles({ store }) {
  const row = element("div", {
    class: "model-styles",
    role: "group",
    "aria-label": "Styles of the model",
    testid: "model-styles",
  });

  function mark() {
    const { look, model } = store.get();
    const worn = look !== null && "style_code" in look ? look.style_code : null;
    for (const [index, choice] of [...row.children].entries()) {
      // the code alone: a mix that ends at a style wears it too
      choice.setAttribute("aria-pressed", String(model.styles[index].look.style_code === worn));
    }
  }

  follow(
    store,
    ({ model }) => model,
    ({ styles }) => {
      const choices = styles.map(({ name, look }) => {
        const onClick = () => store.set({ look });
        return button({ label: name, text: name, kind: "outlined", testid: "model-style", onClick });
      });
      row.replaceChildren(...choices);
      row.hidden = choices.length === 0;
      mark();
    },
  );
  store.subscribe(({ look }) => look, mark);
  return row;
}
