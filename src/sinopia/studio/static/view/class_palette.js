/** The classes: colour, name, star; search, favourites, recent ones. */

/**
 * @import { SemanticClass } from "../api/types.js"
 * @import { Studio, StudioState } from "./types.js"
 */

import { searchClasses } from "../core/palette.js";
import { segmented, withArrowKeys } from "./controls.js";
import { byId, cssColor, element } from "./dom.js";
import { icon } from "./icons.js";
import { chooseClass, follow, numberedClasses, setFavourites } from "./state.js";

/** @typedef {"all" | "favourites" | "recent"} Section */

/** @type {Readonly<Record<Section, string>>} */
const NOTHING = {
  all: "No class has such a name.",
  favourites: "No favourites yet: the star beside a class makes it one.",
  recent: "Classes that you paint with appear here.",
};

/** @param {Studio} studio */
export function createClassPalette(studio) {
  const { store, commands } = studio;
  const tray = byId("class-tray");
  /** @type {Section} */
  let section = "all";

  const search = element("input", {
    class: "field class-search",
    type: "search",
    placeholder: "Search classes",
    "aria-label": "Search classes",
    "data-tip": "Search classes",
    "data-key": "/",
    testid: "class-search",
  });
  const sections = segmented({
    label: "Which classes to show",
    testid: "class-section",
    choices: [
      { value: "all", label: "All classes", text: "All" },
      { value: "favourites", label: "Favourite classes", icon: "star" },
      { value: "recent", label: "Classes used lately", icon: "clock" },
    ],
    onChoose: (value) => {
      section = /** @type {Section} */ (value);
      show();
    },
  });
  const list = element("div", {
    class: "class-list",
    role: "radiogroup",
    "aria-label": "Class to paint with",
    testid: "class-list",
  });
  const sentence = element("p", { class: "sentence" });
  tray.append(
    element(
      "div",
      { class: "tray-part" },
      element("div", { class: "tray-head" }, search, sections.element),
      element("div", { class: "tray-body" }, list, sentence),
    ),
  );

  /** @param {number} id */
  const toggleFavourite = (id) => {
    const { favourites } = store.get();
    const isOne = favourites.includes(id);
    setFavourites(store, isOne ? favourites.filter((each) => each !== id) : [...favourites, id]);
  };

  function show() {
    const state = store.get();
    const shown = searchClasses(ofSection(state, section), search.value);
    list.replaceChildren(
      ...shown.map((each) => createRow(studio, each, () => toggleFavourite(each.id))),
    );
    sentence.hidden = shown.length > 0;
    sentence.textContent = search.value === "" ? NOTHING[section] : NOTHING.all;
    sections.show(section);
    mark();
  }

  function mark() {
    const { settings } = store.get();
    let hasChosen = false;
    for (const choice of list.querySelectorAll("[role=radio]")) {
      if (!(choice instanceof HTMLElement)) continue;
      const isChosen = Number(choice.dataset.id) === settings.classId;
      choice.setAttribute("aria-checked", String(isChosen));
      choice.tabIndex = isChosen ? 0 : -1;
      choice.parentElement?.classList.toggle("chosen", isChosen);
      hasChosen ||= isChosen;
    }
    const first = list.querySelector("[role=radio]");
    if (!hasChosen && first instanceof HTMLElement) first.tabIndex = 0;
  }

  withArrowKeys(list, "[role=radio]", (target) => chooseClass(studio, Number(target.dataset.id)));
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value !== "") {
      search.value = "";
      show();
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      const first = list.querySelector("[role=radio]");
      if (!(first instanceof HTMLElement)) return;
      event.preventDefault();
      if (event.key === "Enter") chooseClass(studio, Number(first.dataset.id));
      first.focus();
    }
  });
  list.addEventListener("pointerleave", () => store.set({ highlighted: null }));

  store.subscribe(({ favourites }) => favourites, show);
  store.subscribe(({ model }) => model, show);
  store.subscribe(
    ({ recent }) => recent,
    () => section === "recent" && show(),
  );
  follow(store, ({ settings }) => settings.classId, mark);
  show();

  commands.set("classes.search", () => {
    search.focus();
    search.select();
  });
  commands.set("classes.previous", () => {
    const { recent, settings } = store.get();
    const before = recent.find((id) => id !== settings.classId);
    if (before !== undefined) chooseClass(studio, before);
  });
  for (let digit = 1; digit <= 9; digit++) {
    commands.set(`classes.favourite${digit}`, () => {
      const id = numberedClasses(store.get())[digit - 1];
      if (id !== undefined) chooseClass(studio, id);
    });
  }
}

/**
 * @param {StudioState} state
 * @param {Section} section
 * @returns {readonly SemanticClass[]}
 */
function ofSection({ model, favourites, recent }, section) {
  const { classes } = model.vocabulary;
  if (section === "favourites") return favourites.map((id) => classes[id]);
  if (section === "recent") return recent.map((id) => classes[id]);
  const others = classes.filter(({ id }) => !favourites.includes(id));
  return [...favourites.map((id) => classes[id]), ...others];
}

/**
 * @param {Studio} studio
 * @param {SemanticClass} each
 * @param {() => void} onStar
 */
function createRow(studio, { id, name, color, training_pixels: pixels }, onStar) {
  const { store } = studio;
  const digit = numberedClasses(store.get()).indexOf(id) + 1;
  const isFavourite = store.get().favourites.includes(id);
  const isUnseen = pixels === 0;
  const swatch = element("span", { class: "swatch" });
  swatch.style.backgroundColor = cssColor(color);
  const badge = element(
    "span",
    {
      class: "badge",
      "data-tip": "The model was not shown this class in training",
      testid: "unseen",
    },
    "not seen",
  );
  const choice = element(
    "button",
    { type: "button", class: "class-choice", role: "radio", "data-id": id, testid: `class-${id}` },
    swatch,
    element("span", { class: "name" }, name),
    isUnseen ? badge : null,
    digit > 0 ? element("span", { class: "digit", "aria-hidden": "true" }, String(digit)) : null,
  );
  choice.addEventListener("click", () => chooseClass(studio, id));
  const star = element(
    "button",
    {
      type: "button",
      class: "star",
      "aria-pressed": String(isFavourite),
      "aria-label": `${name} is a favourite`,
      testid: `star-${id}`,
    },
    icon("star"),
  );
  star.addEventListener("click", onStar);
  const row = element("div", { class: isUnseen ? "class-row unseen" : "class-row" }, choice, star);
  row.addEventListener("pointerenter", () => store.set({ highlighted: id }));
  choice.addEventListener("focus", () => {
    if (choice.matches(":focus-visible")) store.set({ highlighted: id });
  });
  choice.addEventListener("blur", () => store.set({ highlighted: null }));
  return row;
}
