/** Another model for the same work. */

/** @import { Model, SavedWork } from "../api/types.js" */
/** @import { Studio } from "./types.js" */

import { askToSwitch } from "./dialogs/switch_model.js";
import { translateWork, workOf } from "./work.js";

/**
 * @param {Studio} studio
 * @param {(work: SavedWork) => Promise<void>} startOver
 */
export function createModelChoice(studio, startOver) {
  const { store } = studio;

  /** @param {Model} model of the same classes: everything goes on, undo as well */
  function change(model) {
    const { look } = store.get();
    const kept = look !== null && "seed" in look ? look : { seed: 1 };
    store.set({ model, look: model.style_dim === null ? null : kept });
  }

  return async (/** @type {string} */ name) => {
    const { models, model: before } = store.get();
    const model = models.find((each) => each.name === name);
    if (model === undefined || model === before) return;
    if (namesOf(model) === namesOf(before)) {
      change(model);
      return;
    }
    const { work, unmatched } = translateWork(workOf(studio), model);
    const first = model.vocabulary.classes[0].name;
    if (await askToSwitch({ model: name, first, unmatched })) await startOver(work);
    else store.set({ model: { ...before } });
  };
}

/** @param {Model} model */
function namesOf({ vocabulary }) {
  return vocabulary.classes.map(({ name }) => name).join("\n");
}
