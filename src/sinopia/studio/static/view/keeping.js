/** Autosave: every change is in the browser's database within a second. */

/** @import { Autosave } from "../api/autosave.js" */
/** @import { Studio } from "./types.js" */

import { showToast } from "./toasts.js";
import { workOf } from "./work.js";

const DELAY = 700;

/**
 * @param {Studio} studio
 * @param {Autosave} autosave
 */
export function keepWork(studio, autosave) {
  const { document, store } = studio;
  /** @type {number | null} */
  let timer = null;
  let isStopped = false;

  async function save() {
    if (timer !== null) window.clearTimeout(timer);
    timer = null;
    if (isStopped) return;
    try {
      await autosave.saveWork(workOf(studio));
    } catch (error) {
      const words = `The browser could not keep your work: ${String(error)}. Save a project.`;
      showToast(words, { kind: "problem", id: "autosave" });
    }
  }

  // Counted from the first change, so that a long stroke is kept while it lasts.
  const saveSoon = () => {
    timer ??= window.setTimeout(() => void save(), DELAY);
  };

  document.onChange(({ kind }) => {
    if (kind !== "history") saveSoon();
  });
  store.subscribe(({ look }) => look, saveSoon);
  store.subscribe(({ underlay }) => underlay, saveSoon);
  store.subscribe(({ fileName }) => fileName, saveSoon);
  window.addEventListener("pagehide", () => {
    if (timer !== null) void save();
  });
  return {
    /** Nothing is kept from here on: the page is about to begin again with other work. */
    stop() {
      isStopped = true;
    },
  };
}
