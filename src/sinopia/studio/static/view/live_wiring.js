/** Ties the live connection to the document, the store and the picture. */

/** @import { PictureHeader } from "../api/types.js" */
/** @import { StudioDocument } from "../core/document.js" */
/** @import { Studio } from "./types.js" */

import { LiveConnection } from "../api/live.js";
import { showToast } from "./toasts.js";

/** A window out of sight gets no animation frames. */
const LONGEST_FRAME = 200;

/**
 * @param {StudioDocument} document
 * @param {Studio["store"]} store
 * @param {(header: PictureHeader, file: Uint8Array) => Promise<boolean>} onPicture
 */
export function createLive(document, store, onPicture) {
  const tiles = document.trackTiles();
  const live = new LiveConnection(
    {
      state() {
        const { model, look } = store.get();
        const { width, height, composite } = document;
        return { model: model.name, width, height, ids: composite, look };
      },
      takeTiles: () => tiles.take(),
    },
    {
      onState: (connection) => store.set({ connection }),
      onPicture,
      onShown: (frame) => store.set({ frame }),
      onProblem: (message) => showToast(message, { kind: "problem", id: "live" }),
    },
    {
      openSocket,
      nextFrame,
      later: (act, wait) => window.setTimeout(act, wait),
      now: () => performance.now(),
    },
  );
  document.onChange(({ kind }) => {
    if (kind === "all") live.restart();
    else if (kind !== "history") live.touch();
  });
  store.subscribe(
    ({ look }) => look,
    () => live.touch(),
  );
  store.subscribe(
    ({ model }) => model,
    () => live.restart(),
  );
  return live;
}

function openSocket() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new WebSocket(`${scheme}://${location.host}/api/live`);
}

/** @param {() => void} callback */
function nextFrame(callback) {
  let isDone = false;
  const once = () => {
    if (isDone) return;
    isDone = true;
    callback();
  };
  requestAnimationFrame(once);
  window.setTimeout(once, LONGEST_FRAME);
}
