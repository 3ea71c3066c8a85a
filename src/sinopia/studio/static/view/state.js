/** The state that the view begins with, and the few rules on it that several parts need. */

/**
 * @import { Look, Model } from "../api/types.js"
 * @import { Rgb } from "../core/types.js"
 * @import { Studio, StudioState } from "./types.js"
 */

import { recentClasses } from "../core/palette.js";
import { savedTheme } from "./theme.js";

const FIRST_SEED = 1;
const SEED_LIMIT = 1_000_000;
const VARIATIONS = 6;
const FAVOURITES_KEY = "sinopia-favourites";

/**
 * @param {readonly Model[]} models
 * @param {Model} model
 * @returns {StudioState}
 */
export function firstState(models, model) {
  return {
    models,
    model,
    fileName: "Untitled",
    tool: "brush",
    settings: {
      classId: Math.min(1, model.vocabulary.classes.length - 1),
      backgroundClassId: 0,
      brushShape: "round",
      brushSize: 16,
      usePressure: true,
      fillMode: "contiguous",
    },
    favourites: savedFavourites(model),
    recent: [],
    highlighted: null,
    pointed: null,
    viewport: { scale: 1, x: 0, y: 0 },
    isFitted: true,
    isLinked: true,
    compare: "off",
    kept: null,
    look: model.style_dim === null ? null : { seed: FIRST_SEED },
    isSeedLocked: false,
    seeds: Array.from({ length: VARIATIONS }, (_, index) => FIRST_SEED + index),
    styles: [],
    underlay: null,
    connection: "connecting",
    frame: null,
    announcement: "",
    theme: savedTheme(),
    isTrayOpen: true,
  };
}

/** Seeds short enough to be read aloud. */
export function randomSeeds() {
  const numbers = crypto.getRandomValues(new Uint32Array(VARIATIONS));
  return [...numbers].map((number) => number % SEED_LIMIT);
}

/**
 * @param {Look} look
 * @returns {number | null}
 */
export function seedOf(look) {
  return look !== null && "seed" in look ? look.seed : null;
}

/**
 * @param {Model} model
 * @returns {readonly Rgb[]}
 */
export function colorsOf(model) {
  return model.vocabulary.classes.map(({ color }) => color);
}

/**
 * @param {Model} model
 * @param {number} classId
 */
export function className(model, classId) {
  return model.vocabulary.classes[classId]?.name ?? "unlabeled";
}

/**
 * The class to paint with, or of the selected box.
 *
 * @param {Studio} studio
 * @param {number} classId
 */
export function chooseClass({ store, toolbox }, classId) {
  toolbox.chooseClass(classId);
  const { settings, recent } = store.get();
  store.set({ settings: { ...settings, classId }, recent: recentClasses(recent, classId) });
}

/**
 * @param {Studio["store"]} store
 * @param {readonly number[]} favourites
 */
export function setFavourites(store, favourites) {
  store.set({ favourites });
  const { name } = store.get().model.vocabulary;
  localStorage.setItem(`${FAVOURITES_KEY}-${name}`, JSON.stringify(favourites));
}

/**
 * @param {Model} model
 * @returns {readonly number[]}
 */
function savedFavourites({ vocabulary }) {
  const saved = localStorage.getItem(`${FAVOURITES_KEY}-${vocabulary.name}`);
  if (saved === null) return [];
  const ids = JSON.parse(saved);
  if (!Array.isArray(ids)) return [];
  return ids.filter((id) => Number.isInteger(id) && id >= 0 && id < vocabulary.classes.length);
}

/**
 * The classes that the number keys choose, in order: the favourites, or else the first ones.
 *
 * @param {StudioState} state
 * @returns {readonly number[]}
 */
export function numberedClasses({ favourites, model }) {
  const ids = favourites.length > 0 ? favourites : model.vocabulary.classes.map(({ id }) => id);
  return ids.slice(0, 9);
}

/**
 * Calls the listener now and whenever the selected value is another one.
 *
 * @template T
 * @param {Studio["store"]} store
 * @param {(state: Readonly<StudioState>) => T} selector
 * @param {(value: T) => void} listener
 */
export function follow(store, selector, listener) {
  listener(selector(store.get()));
  store.subscribe(selector, listener);
}

/**
 * The saved styles that the model in use understands: its own.
 *
 * @param {Pick<StudioState, "styles" | "model">} state
 */
export function stylesOf({ styles, model }) {
  return styles.filter((style) => style.model === model.name);
}

/**
 * All styles of the model at hand that have a name: those that it brings along, then saved ones.
 *
 * @param {Pick<StudioState, "styles" | "model">} state
 */
export function namedStylesOf(state) {
  const { model } = state;
  const own = model.styles.map(({ name, look }) => ({ id: `${model.name}/${name}`, name, look }));
  return [...own, ...stylesOf(state)];
}
