/** Saved styles: from photos, from seeds; a click gives one to the picture. */

/**
 * @import { SavedStyle } from "../api/types.js"
 * @import { Studio } from "./types.js"
 */

import { Problem, styleOfPhoto } from "../api/http.js";
import { button } from "./controls.js";
import { element, context2d } from "./dom.js";
import { createMixer } from "./mixer.js";
import { createModelStyles } from "./model_styles.js";
import { seedOf, stylesOf } from "./state.js";
import { createThumbnail, drawThumbnail, thumbnailFile } from "./thumbnail.js";
import { showToast } from "./toasts.js";

const WITH_PHOTOS =
  "Drop a photo here and the picture takes its light and colours. Or save the style of a seed " +
  "you like.";
const WITHOUT_PHOTOS = "Save the style of a seed you like; two saved styles can be mixed.";

/** @param {Studio} studio */
export function createStylesPanel(studio) {
  const { store, commands } = studio;
  const gallery = element("div", {
    class: "thumbs",
    role: "group",
    "aria-label": "Saved styles",
    testid: "styles",
  });
  const sentence = element("p", { class: "sentence" });
  const photo = button({
    label: "Style from a photo",
    icon: "photo",
    testid: "style-photo",
    onClick: () => commands.get("file.stylePhoto")?.(),
  });
  const save = button({
    label: "Save this picture's style",
    icon: "add",
    testid: "style-save",
    onClick: () => void saveCurrent(studio),
  });
  const part = element(
    "section",
    { class: "tray-part styles", "aria-label": "Styles", testid: "styles-panel" },
    element("div", { class: "tray-head" }, element("h2", {}, "Styles"), photo, save),
    element(
      "div",
      { class: "tray-body" },
      createModelStyles(studio),
      sentence,
      createMixer(studio),
      gallery,
    ),
  );

  /** @type {readonly { style: SavedStyle, choice: HTMLElement }[]} */
  let tiles = [];

  function mark() {
    const worn = JSON.stringify(store.get().look);
    for (const { style, choice } of tiles) {
      choice.setAttribute("aria-pressed", String(JSON.stringify(style.look) === worn));
    }
  }

  function show() {
    const { model } = store.get();
    const styles = stylesOf(store.get());
    const made = styles.map((style) => ({ style, ...createTile(studio, style) }));
    tiles = made;
    gallery.replaceChildren(...made.map(({ tile }) => tile));
    mark();
    sentence.hidden = styles.length > 0;
    photo.hidden = !model.can_read_style;
    sentence.textContent = model.can_read_style ? WITH_PHOTOS : WITHOUT_PHOTOS;
  }

  store.subscribe(({ styles }) => styles, show);
  store.subscribe(({ model }) => model, show);
  store.subscribe(({ look }) => look, mark);
  show();
  return part;
}

/**
 * @param {Studio} studio
 * @param {SavedStyle} style
 */
function createTile(studio, style) {
  const { store } = studio;
  const canvas = createThumbnail();
  if (style.thumbnail) void showFile(canvas, style.thumbnail);
  const choice = element(
    "button",
    { type: "button", class: "thumb", "aria-label": `Style ${style.name}`, testid: "style" },
    canvas,
    element("span", { class: "caption" }, style.name),
  );
  choice.addEventListener("click", () => store.set({ look: style.look }));
  const remove = button({
    label: `Remove the style ${style.name}`,
    icon: "close",
    kind: "remove",
    testid: "style-remove",
    onClick: () => void removeStyle(studio, style),
  });
  return { choice, tile: element("div", { class: "style-tile" }, choice, remove) };
}

/** @param {HTMLCanvasElement} canvas @param {Blob} file */
async function showFile(canvas, file) {
  try {
    drawThumbnail(canvas, await createImageBitmap(file));
  } catch {
    // The tile keeps its name; a picture that cannot be decoded is left out.
    context2d(canvas).clearRect(0, 0, canvas.width, canvas.height);
  }
}

/**
 * @param {Studio} studio
 * @param {Omit<SavedStyle, "id" | "model" | "savedAt">} style
 */
async function addStyle({ store, autosave }, style) {
  const { model, styles } = store.get();
  const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const saved = { ...style, id, model: model.name, savedAt: Date.now() };
  store.set({ styles: [...styles, saved] });
  await autosave?.saveStyle(saved);
}

/** @param {Studio} studio @param {SavedStyle} style */
async function removeStyle({ store, autosave }, style) {
  const put = () => {
    store.set({ styles: [...store.get().styles, style] });
    void autosave?.saveStyle(style);
  };
  store.set({ styles: store.get().styles.filter(({ id }) => id !== style.id) });
  await autosave?.deleteStyle(style.id);
  showToast(`Removed the style ${style.name}.`, { action: { label: "Undo", run: put } });
}

/** @param {Studio} studio */
async function saveCurrent(studio) {
  const { look } = studio.store.get();
  const styles = stylesOf(studio.store.get());
  const picture = studio.currentPicture();
  if (look === null) return;
  if (styles.some((style) => JSON.stringify(style.look) === JSON.stringify(look))) {
    showToast("This style is saved already.");
    return;
  }
  const seed = seedOf(look);
  const name = seed === null ? `Style ${styles.length + 1}` : `Seed ${seed}`;
  await addStyle(studio, { name, look, thumbnail: picture && (await thumbnailFile(picture)) });
}

/**
 * Reads a photo's style and gives it to the picture.
 *
 * @param {Studio} studio
 * @param {File} file
 */
export async function addPhotoStyle(studio, file) {
  const { model } = studio.store.get();
  if (!model.can_read_style) {
    throw new Problem(`${model.name} cannot read the style of a photo.`, 0);
  }
  const [look, picture] = await Promise.all([
    styleOfPhoto(model.name, file),
    createImageBitmap(file),
  ]);
  const name = file.name.replace(/\.[^.]*$/, "");
  await addStyle(studio, { name, look, thumbnail: await thumbnailFile(picture) });
  picture.close();
  studio.store.set({ look });
}
