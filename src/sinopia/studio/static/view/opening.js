/** Files that come in: by button, or dropped anywhere. */

/**
 * @import { MapData, SavedWork } from "../api/types.js"
 * @import { Studio } from "./types.js"
 */

import { fileKind } from "../api/file_kind.js";
import { Problem, fetchExample, readLabelMap, readPicture, readProject } from "../api/http.js";
import { LabelMap } from "../core/label_map.js";
import { askForSize, canPaint } from "./dialogs/fit_map.js";
import { openExamples } from "./dialogs/examples.js";
import { openNewMap } from "./dialogs/new_map.js";
import { chooseFile } from "./dropping.js";
import { addPhotoStyle } from "./styles_panel.js";
import { showToast } from "./toasts.js";
import { makeUnderlay, openWork, translateWork } from "./work.js";

export const OLD_MAP_STAYS = "The map before it stays in the undo history.";

const PICTURES = "image/png,image/jpeg,image/webp";

/**
 * @param {Studio} studio
 * @param {(act: () => Promise<void>) => () => void} guarded
 * @param {(work: SavedWork) => Promise<void>} startOver with the work's own model
 */
export function createOpening(studio, guarded, startOver) {
  const { document, store, commands } = studio;

  /** @param {MapData} map @param {string} name @param {string} label */
  async function openMap({ width, height, ids }, name, label) {
    const { model } = store.get();
    const map = new LabelMap(width, height, ids);
    const size = canPaint(model, map) ? map : await askForSize(model, map);
    if (size === null) return;
    const isSame = size.width === width && size.height === height;
    document.replace(isSame ? map : map.resized(size.width, size.height), [], label);
    store.set({ fileName: name });
  }

  /** @param {SavedWork} work */
  async function adopt(work) {
    const { models, model } = store.get();
    if (work.project.model === model.name) {
      await openWork(studio, work);
    } else if (models.some(({ name }) => name === work.project.model)) {
      await startOver(work);
    } else {
      const { work: translated, unmatched } = translateWork(work, model);
      await openWork(studio, translated);
      const first = model.vocabulary.classes[0].name;
      const lost = unmatched.length > 0 ? ` ${unmatched.join(", ")} became ${first}.` : "";
      showToast(`The model ${work.project.model} is not here, so ${model.name} paints it.${lost}`);
    }
  }

  /** @param {File} file */
  async function openPicture(file) {
    const { model, look, width, height, ids } = await readPicture(file);
    const { models } = store.get();
    const theirs = models.find(({ name }) => name === model);
    if (theirs === undefined) {
      throw new Problem(`This picture was painted by ${model}, which is not here.`, 0);
    }
    const { name: vocabulary, classes } = theirs.vocabulary;
    await adopt({
      project: {
        schema_version: 1,
        model,
        width,
        height,
        look,
        boxes: [],
        boxes_visible: true,
        vocabulary: { name: vocabulary, classes: classes.map(({ name }) => name) },
        underlay: null,
        favourites: [],
      },
      ids,
      underlay: null,
      underlayName: null,
      fileName: stem(file),
      savedAt: Date.now(),
    });
  }

  /** @param {File} file */
  async function openLabels(file) {
    const { notes, ...map } = await readLabelMap(store.get().model.name, file);
    await openMap(map, stem(file), "Open map");
    for (const note of notes) showToast(note);
  }

  /** @param {File} file */
  async function openUnderlay(file) {
    store.set({ underlay: await makeUnderlay(file, file.name) });
    showToast("The photo lies over the map for tracing. Layers has its opacity.");
  }

  /** @param {File} file a PNG in colours may be a map in the vocabulary's colours, or a photo */
  async function openImage(file) {
    if (file.type === "image/png") {
      try {
        await openLabels(file);
        return;
      } catch (error) {
        if (!(error instanceof Problem) || error.status === 0) throw error;
      }
    }
    await openUnderlay(file);
  }

  /** @param {File} file @param {"style" | "anywhere"} place where it was dropped */
  async function open(file, place) {
    const kind = fileKind(new Uint8Array(await file.arrayBuffer()));
    if (place === "style" && kind !== "project") await addPhotoStyle(studio, file);
    else if (kind === "project") {
      await adopt({
        ...(await readProject(file)),
        fileName: stem(file),
        underlayName: "Underlay",
        savedAt: Date.now(),
      });
    } else if (kind === "picture") await openPicture(file);
    else if (kind === "labels") await openLabelsOrOffer(file);
    else if (kind === "image") await openImage(file);
    else throw new Problem(`${file.name} is no PNG, JPEG, WebP or project ZIP.`, 0);
  }

  /** @param {File} file */
  async function openLabelsOrOffer(file) {
    try {
      await openLabels(file);
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 0) throw error;
      const run = guarded(() => openUnderlay(file));
      showToast(error.message, { kind: "problem", action: { label: "Trace it instead", run } });
    }
  }

  const showNew = () => {
    const { model } = store.get();
    openNewMap(model, document, (map) => {
      document.replace(map, [], "New map");
      store.set({ fileName: "Untitled" });
    });
  };

  /** @param {string} title @param {string} words */
  const showExamples = (title, words) =>
    openExamples({
      title,
      words,
      vocabulary: store.get().model.vocabulary.name,
      onChoose: (example) => {
        guarded(async () =>
          openMap(await fetchExample(example.id), example.title, example.title),
        )();
      },
      onBlank: showNew,
    });

  commands.set("file.new", showNew);
  commands.set(
    "file.examples",
    guarded(() => showExamples("Example scenes", OLD_MAP_STAYS)),
  );
  commands.set(
    "file.open",
    guarded(async () => {
      const file = await chooseFile(`${PICTURES},.zip,application/zip`);
      if (file) await open(file, "anywhere");
    }),
  );
  commands.set(
    "file.underlay",
    guarded(async () => {
      const file = await chooseFile(PICTURES);
      if (file) await openUnderlay(file);
    }),
  );
  commands.set(
    "file.stylePhoto",
    guarded(async () => {
      const file = await chooseFile(PICTURES);
      if (file) await addPhotoStyle(studio, file);
    }),
  );
  return { open, openMap, adopt, showExamples };
}

/** @param {File} file */
function stem({ name }) {
  return name.replace(/\.[^.]*$/, "") || "Untitled";
}
