/** The whole work as plain data, for project files, autosave and a change of model. */

/**
 * @import { Model, Project, SavedWork } from "../api/types.js"
 * @import { Box } from "../core/types.js"
 * @import { Studio, Underlay } from "./types.js"
 */

import { LabelMap, UNLABELED } from "../core/label_map.js";
import { setFavourites } from "./state.js";

const FIRST_OPACITY = 0.5;

/** @type {Readonly<Record<string, string>>} */
const EXTENSIONS = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" };

/**
 * @param {Studio} studio
 * @returns {Project}
 */
function projectOf({ document, store }) {
  const { model, look, underlay, favourites } = store.get();
  const { name, classes } = model.vocabulary;
  return {
    schema_version: 1,
    model: model.name,
    vocabulary: { name, classes: classes.map((each) => each.name) },
    width: document.width,
    height: document.height,
    look,
    boxes: document.boxes.map(({ id, classId, x0, y0, x1, y1 }) => ({
      id,
      class_id: classId,
      x0,
      y0,
      x1,
      y1,
    })),
    boxes_visible: document.boxesVisible,
    underlay: underlay && {
      opacity: underlay.opacity,
      visible: underlay.visible,
      file: `underlay.${EXTENSIONS[underlay.type]}`,
    },
    favourites: [...favourites],
  };
}

/**
 * @param {Studio} studio
 * @returns {SavedWork}
 */
export function workOf(studio) {
  const { underlay, fileName } = studio.store.get();
  return {
    project: projectOf(studio),
    ids: studio.document.map.ids.slice(),
    underlay: underlay?.bytes ?? null,
    underlayName: underlay?.name ?? null,
    fileName,
    savedAt: Date.now(),
  };
}

/** @param {Project} project @returns {Box[]} */
export function boxesOf({ boxes }) {
  return boxes.map(({ id, class_id: classId, x0, y0, x1, y1 }) => ({
    id,
    classId,
    x0,
    y0,
    x1,
    y1,
  }));
}

/** @param {SavedWork} work */
export function mapOf({ project, ids }) {
  return new LabelMap(project.width, project.height, ids);
}

/**
 * Puts a work of this model into the document, as a step that can be undone.
 *
 * @param {Studio} studio
 * @param {SavedWork} work
 */
export async function openWork(studio, work) {
  studio.document.replace(mapOf(work), boxesOf(work.project));
  await openSurroundings(studio, work);
}

/**
 * What of a work is not in the document: look, underlay, names.
 *
 * @param {Studio} studio
 * @param {SavedWork} work
 */
export async function openSurroundings({ document, store }, { project, underlay, ...names }) {
  const { model, look } = store.get();
  const opened = underlay && (await makeUnderlay(new Blob([underlay.slice()]), names.underlayName));
  document.setBoxesVisible(project.boxes_visible);
  store.set({
    look: model.style_dim === null ? null : (project.look ?? look),
    underlay: opened && {
      ...opened,
      opacity: project.underlay?.opacity ?? FIRST_OPACITY,
      visible: project.underlay?.visible ?? true,
    },
    fileName: names.fileName,
  });
  if (project.favourites.length > 0) setFavourites(store, project.favourites);
}

/**
 * @param {Blob} file
 * @param {string | null} name
 * @returns {Promise<Underlay>}
 */
export async function makeUnderlay(file, name) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const type = bytes[0] === 0xff ? "image/jpeg" : bytes[0] === 0x52 ? "image/webp" : "image/png";
  const image = await createImageBitmap(new Blob([bytes], { type }));
  return { bytes, type, name: name ?? "Underlay", image, opacity: FIRST_OPACITY, visible: true };
}

/**
 * The same work in another model's classes, matched by name. `unmatched` are the names of classes
 * in use that the other model does not have; their pixels take the place of its first class.
 *
 * @param {SavedWork} work
 * @param {Model} model
 */
export function translateWork(work, model) {
  const { classes } = work.project.vocabulary;
  const targets = model.vocabulary.classes;
  const table = new Uint8Array(256);
  /** @type {Set<string>} */
  const unmatched = new Set();
  const used = new Set([...work.ids, ...work.project.boxes.map((box) => box.class_id)]);
  for (const id of used) {
    const target = targets.findIndex(({ name }) => name === classes[id]);
    if (target < 0) unmatched.add(id === UNLABELED ? "unlabeled" : classes[id]);
    table[id] = Math.max(target, 0);
  }
  const { look } = work.project;
  const canKeepLook = (look === null) === (model.style_dim === null);
  const keptSeed = look !== null && "seed" in look;
  /** @type {SavedWork} */
  const translated = {
    ...work,
    ids: work.ids.map((id) => table[id]),
    project: {
      ...work.project,
      model: model.name,
      vocabulary: { name: model.vocabulary.name, classes: targets.map(({ name }) => name) },
      look: model.style_dim === null ? null : canKeepLook && keptSeed ? look : { seed: 1 },
      boxes: work.project.boxes.map((box) => ({ ...box, class_id: table[box.class_id] })),
      favourites: [],
    },
  };
  return { work: translated, unmatched: [...unmatched] };
}
