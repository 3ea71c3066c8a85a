/** Files that leave: map, picture, project. */

/** @import { Studio } from "./types.js" */

import { paintPicture, writeLabelMap, writeProject } from "../api/http.js";
import { element } from "./dom.js";
import { showToast } from "./toasts.js";
import { workOf } from "./work.js";

/** @param {Studio} studio @param {(act: () => Promise<void>) => () => void} guarded */
export function createSaving(studio, guarded) {
  const { document, store, commands } = studio;

  /** The map as it is seen, boxes filled in. */
  const mapOf = () => {
    const { width, height, composite } = document;
    return { width, height, ids: composite.slice() };
  };

  /** @param {"palette" | "ade20k"} format @param {string} suffix */
  const saveMap = async (format, suffix) => {
    const { model, fileName } = store.get();
    const { file, notes } = await writeLabelMap(model.name, mapOf(), format);
    hand(file, `${fileName}-${suffix}.png`);
    if (notes.length > 0) {
      showToast(`ADE20K has no class for ${notes.join(", ")}: those pixels are black in the file.`);
    }
  };

  commands.set(
    "file.map",
    guarded(() => saveMap("palette", "map")),
  );
  commands.set(
    "file.ade20k",
    guarded(() => saveMap("ade20k", "ade20k")),
  );
  commands.set(
    "file.picture",
    guarded(async () => {
      const { model, look, fileName } = store.get();
      const order = { ...mapOf(), model: model.name, look };
      hand(await paintPicture(order, { format: "png" }), `${fileName}.png`);
    }),
  );
  commands.set(
    "file.save",
    guarded(async () => {
      const work = workOf(studio);
      hand(await writeProject(work), `${work.fileName}.zip`);
    }),
  );
}

/**
 * Gives a file to the browser's downloads.
 *
 * @param {Blob} file
 * @param {string} name
 */
function hand(file, name) {
  const url = URL.createObjectURL(file);
  element("a", { href: url, download: name }).click();
  // The download reads the address after this turn of the event loop.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
