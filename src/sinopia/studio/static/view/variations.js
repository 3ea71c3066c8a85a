/** Six seeds of the same map, painted small when the pen rests; a click adopts one. */

/** @import { Studio } from "./types.js" */

import { isAbort, paintPicture } from "../api/http.js";
import { button } from "./controls.js";
import { element, whenQuiet } from "./dom.js";
import { icon } from "./icons.js";
import { follow, randomSeeds, seedOf } from "./state.js";
import { createThumbnail, drawThumbnail } from "./thumbnail.js";

const REST = 600;
const LARGEST_SIDE = 160;
const LARGEST_SEED = 2 ** 53 - 1;

/** @param {Studio} studio */
export function createVariations(studio) {
  const { document, store, commands } = studio;
  const thumbs = store.get().seeds.map((_, index) => createThumb(store, index));
  const strip = element(
    "div",
    { class: "thumbs", role: "group", "aria-label": "Variations", testid: "variations" },
    ...thumbs.map(({ element: thumb }) => thumb),
  );

  const dice = button({
    label: "Six new variations",
    icon: "dice",
    key: "N",
    testid: "dice",
    onClick: () => commands.get("look.next")?.(),
  });
  const part = element(
    "section",
    { class: "tray-part variations", "aria-label": "Variations" },
    element(
      "div",
      { class: "tray-head" },
      element("h2", {}, "Variations"),
      createSeedField(studio),
      createLock(store),
      dice,
    ),
    element("div", { class: "tray-body" }, strip),
  );

  let stale = new AbortController();
  const refreshWhenQuiet = whenQuiet(() => void refresh(), REST);

  function refreshSoon() {
    stale.abort();
    for (const thumb of thumbs) thumb.element.classList.add("waiting");
    refreshWhenQuiet();
  }

  async function refresh() {
    const { model, seeds, isTrayOpen, connection } = store.get();
    if (model.style_dim === null || !isTrayOpen || connection !== "live") return;
    if (document.isEditing) {
      refreshWhenQuiet();
      return;
    }
    stale.abort();
    stale = new AbortController();
    const { signal } = stale;
    const { width, height } = document;
    // The composite is painted on while the thumbnails come; all six show the same moment.
    const order = { model: model.name, width, height, ids: document.composite.slice() };
    for (const [index, seed] of seeds.entries()) {
      try {
        const form = /** @type {const} */ ({ format: "webp", max_side: LARGEST_SIDE });
        const file = await paintPicture({ ...order, look: { seed } }, form, signal);
        const picture = await createImageBitmap(file);
        if (signal.aborted) return;
        thumbs[index].show(picture);
      } catch (error) {
        // Thumbnails are a convenience: the status line and the live picture tell of failures.
        if (!isAbort(error)) store.set({ announcement: "The variations could not be painted." });
        return;
      }
    }
  }

  commands.set("look.next", () => {
    const { model, isSeedLocked } = store.get();
    if (model.style_dim === null) return;
    const seeds = randomSeeds();
    store.set(isSeedLocked ? { seeds } : { seeds, look: { seed: seeds[0] } });
  });
  document.onChange(({ kind }) => {
    if (kind !== "history") refreshSoon();
  });
  store.subscribe(({ connection }) => connection, refreshSoon);
  store.subscribe(({ isTrayOpen }) => isTrayOpen, refreshSoon);
  follow(store, ({ seeds }) => seeds, refreshSoon);
  return part;
}

/** @param {Studio["store"]} store @param {number} index */
function createThumb(store, index) {
  const canvas = createThumbnail();
  const caption = element("span", { class: "caption" });
  const thumb = element(
    "button",
    { type: "button", class: "thumb waiting", testid: `variation-${index}` },
    canvas,
    caption,
  );
  thumb.addEventListener("click", () => store.set({ look: { seed: store.get().seeds[index] } }));
  follow(
    store,
    ({ seeds }) => seeds[index],
    (seed) => {
      caption.textContent = String(seed);
      thumb.setAttribute("aria-label", `Variation with seed ${seed}`);
    },
  );
  follow(
    store,
    ({ look, seeds }) => seedOf(look) === seeds[index],
    (isChosen) => thumb.setAttribute("aria-pressed", String(isChosen)),
  );
  return {
    element: thumb,
    /** @param {ImageBitmap} picture */
    show(picture) {
      drawThumbnail(canvas, picture);
      picture.close();
      thumb.classList.remove("waiting");
    },
  };
}

/** @param {Studio} studio */
function createSeedField({ store }) {
  const field = element("input", {
    class: "field number seed-field",
    type: "number",
    min: 0,
    max: LARGEST_SEED,
    step: 1,
    placeholder: "style",
    "aria-label": "Seed of the picture",
    "data-tip": "Seed of the picture: the same seed and map give the same picture",
    testid: "seed",
  });
  field.addEventListener("change", () => {
    const seed = field.valueAsNumber;
    if (Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED) store.set({ look: { seed } });
    else field.value = String(seedOf(store.get().look) ?? "");
  });
  follow(
    store,
    ({ look }) => look,
    (look) => {
      field.value = String(seedOf(look) ?? "");
    },
  );
  return field;
}

/** @param {Studio["store"]} store */
function createLock(store) {
  const lock = button({
    label: "Lock the seed: the dice leaves the picture alone",
    icon: "unlock",
    testid: "seed-lock",
    onClick: () => store.set({ isSeedLocked: !store.get().isSeedLocked }),
  });
  follow(
    store,
    ({ isSeedLocked }) => isSeedLocked,
    (isLocked) => {
      lock.setAttribute("aria-pressed", String(isLocked));
      lock.replaceChildren(icon(isLocked ? "lock" : "unlock"));
    },
  );
  return lock;
}
