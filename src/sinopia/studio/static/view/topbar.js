/** Files, the model, the theme, help. */

/** @import { Studio } from "./types.js" */

import { attachPopover, button, menu } from "./controls.js";
import { byId, element } from "./dom.js";
import { icon } from "./icons.js";
import { follow } from "./state.js";
import { applyTheme, nextTheme } from "./theme.js";

const SAVE_ITEMS = [
  { id: "file.save", label: "Project (ZIP)", key: "Ctrl S", testid: "save-project" },
  { id: "file.picture", label: "Picture (PNG)", key: "Ctrl E", testid: "save-picture" },
  { id: "file.map", label: "Label map (palette PNG)", testid: "save-map" },
  { id: "file.ade20k", label: "Label map in ADE20K colours", testid: "save-ade20k" },
];

/** @param {Studio} studio @param {(name: string) => void} chooseModel */
export function createTopbar({ store, commands }, chooseModel) {
  const bar = byId("topbar");
  const press = (/** @type {string} */ id) => () => commands.get(id)?.();

  const save = button({ label: "Save", icon: "save", text: "Save", testid: "save" });
  save.append(icon("chevron"));
  const saveMenu = menu({
    label: "Save",
    testid: "save-menu",
    items: SAVE_ITEMS.map(({ id, label, key, testid }) => ({
      label,
      text: label,
      testid,
      onClick: press(id),
      ...(key ? { key } : {}),
    })),
  });
  const title = element("span", { class: "title", testid: "file-name" });
  follow(
    store,
    ({ fileName }) => fileName,
    (name) => {
      title.textContent = name;
      document.title = `${name} - sinopia studio`;
    },
  );
  const saveGroup = element("span", {}, save);
  attachPopover(save, saveMenu);

  bar.append(
    element(
      "h1",
      { class: "wordmark" },
      element("span", { class: "mark", "aria-hidden": "true" }),
      element("span", { class: "word" }, "sinopia"),
    ),
    button({
      label: "New map",
      icon: "add",
      text: "New",
      testid: "new",
      onClick: press("file.new"),
    }),
    button({
      label: "Example scenes",
      icon: "scenes",
      text: "Examples",
      testid: "examples",
      onClick: press("file.examples"),
    }),
    button({
      label: "Open a map, picture or project",
      icon: "open",
      text: "Open",
      key: "Ctrl O",
      testid: "open",
      onClick: press("file.open"),
    }),
    saveGroup,
    title,
    createModelChooser(store, chooseModel),
    createThemeButton(store, commands),
    button({
      label: "Keyboard shortcuts",
      icon: "help",
      key: "?",
      testid: "help",
      onClick: press("view.keys"),
    }),
  );
}

/** @param {Studio["store"]} store @param {(name: string) => void} chooseModel */
function createModelChooser(store, chooseModel) {
  const { models, model } = store.get();
  const select = element(
    "select",
    { class: "field", "aria-label": "Model", "data-tip": "Model", testid: "model" },
    ...models.map(({ name }) => element("option", { value: name }, name)),
  );
  select.value = model.name;
  select.addEventListener("change", () => chooseModel(select.value));
  follow(
    store,
    (state) => state.model,
    (chosen) => {
      select.value = chosen.name;
      select.dataset.tip = chosen.summary;
    },
  );
  return select;
}

/** @param {Studio["store"]} store @param {Studio["commands"]} commands */
function createThemeButton(store, commands) {
  const made = button({
    label: "Theme",
    icon: "system",
    key: "T",
    testid: "theme",
    onClick: () => commands.get("view.theme")?.(),
  });
  commands.set("view.theme", () => store.set({ theme: nextTheme(store.get().theme) }));
  follow(
    store,
    ({ theme }) => theme,
    (theme) => {
      applyTheme(theme);
      const label = theme === "system" ? "Theme: as the system" : `Theme: ${theme}`;
      made.replaceChildren(icon(theme));
      made.setAttribute("aria-label", label);
      made.dataset.tip = label;
    },
  );
  return made;
}
