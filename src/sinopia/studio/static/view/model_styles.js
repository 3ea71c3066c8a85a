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
    const worn = JSON.stringify(store.get().look);
    const { styles } = store.get().model;
    for (const [index, choice] of [...row.children].entries()) {
      choice.setAttribute("aria-pressed", String(JSON.stringify(styles[index].look) === worn));
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
