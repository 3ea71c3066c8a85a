/**
 * The studio: fetches the models, finds the last work, and puts the parts together.
 *
 * `window.sinopia` gives tests and the benchmark the document (core/document.js), the store
 * (view/types.d.ts tells its state) and the live connection (api/live.js).
 */

/**
 * @import { Model, SavedWork } from "./api/types.js"
 * @import { Studio } from "./view/types.js"
 */

import { Autosave } from "./api/autosave.js";
import { fetchExample, fetchExamples, fetchModels, isAbort } from "./api/http.js";
import { StudioDocument } from "./core/document.js";
import { LabelMap } from "./core/label_map.js";
import { createStore } from "./core/store.js";
import { createToolbox } from "./tools/toolbox.js";
import { createClassPalette } from "./view/class_palette.js";
import { openShortcuts } from "./view/dialogs/shortcuts.js";
import { createModelChoice } from "./view/choosing_model.js";
import { listenToDrops } from "./view/dropping.js";
import { keepWork } from "./view/keeping.js";
import { listenToKeyboard } from "./view/keyboard.js";
import { createLive } from "./view/live_wiring.js";
import { MapImage } from "./view/map_image.js";
import { OLD_MAP_STAYS, createOpening } from "./view/opening.js";
import { createPictureOptions } from "./view/picture_options.js";
import { createPicture } from "./view/picture.js";
import { createSaving } from "./view/saving.js";
import { createStage } from "./view/stage.js";
import { chooseClass, colorsOf, firstState } from "./view/state.js";
import { createStatusBar } from "./view/status_bar.js";
import { createStyleTray } from "./view/style_tray.js";
import { showToast } from "./view/toasts.js";
import { createToolOptions } from "./view/tool_options.js";
import { createToolbar } from "./view/toolbar.js";
import { startTooltips } from "./view/tooltip.js";
import { createTopbar } from "./view/topbar.js";
import { boxesOf, mapOf, openSurroundings } from "./view/work.js";

/** How near a handle must be, on the screen. */
const HANDLE_PIXELS = 8;

/**
 * What the studio shows first: the last work, or else the first example of the model's classes.
 *
 * @param {Model} model
 * @param {SavedWork | null} work
 */
async function firstMap(model, work) {
  if (work !== null) return { map: mapOf(work), boxes: boxesOf(work.project) };
  const [height, width] = model.size_hw;
  const examples = await fetchExamples();
  const example = examples.find(({ vocabulary }) => vocabulary === model.vocabulary.name);
  if (example === undefined) return { map: LabelMap.filled(width, height, 0), boxes: [] };
  const { ids, ...size } = await fetchExample(example.id);
  return { map: new LabelMap(size.width, size.height, ids), boxes: [] };
}

/** @returns {Promise<Autosave | null>} */
async function openAutosave() {
  try {
    return await Autosave.open();
  } catch {
    showToast("This browser keeps no work between visits: save a project before you leave.");
    return null;
  }
}

/**
 * Runs an action of the user; what goes wrong is said in words.
 *
 * @param {() => Promise<void>} act
 * @returns {() => void}
 */
function guarded(act) {
  return () => {
    act().catch((error) => {
      if (isAbort(error)) return;
      showToast(error instanceof Error ? error.message : String(error), { kind: "problem" });
    });
  };
}

/**
 * @param {Model[]} models
 * @param {Model} model
 * @param {Autosave | null} autosave
 * @param {SavedWork | null} work
 * @returns {Promise<Studio>}
 */
async function createStudio(models, model, autosave, work) {
  const { map, boxes } = await firstMap(model, work);
  const document = new StudioDocument(map, boxes);
  const store = createStore(firstState(models, model));
  const toolbox = createToolbox({
    document,
    get settings() {
      return store.get().settings;
    },
    get tolerance() {
      return HANDLE_PIXELS / store.get().viewport.scale;
    },
    set({ classId, ...patch }) {
      if (classId !== undefined) chooseClass(studio, classId);
      store.set({ settings: { ...store.get().settings, ...patch } });
    },
    announce: (announcement) => store.set({ announcement }),
  });
  const live = createLive(document, store, ({ serial, mime }, file) =>
    studio.showPicture(serial, new Blob([file.slice()], { type: mime })),
  );
  /** @type {Studio} */
  const studio = {
    document,
    store,
    live,
    toolbox,
    mapImage: new MapImage(document, colorsOf(model)),
    autosave,
    commands: new Map(),
    showPicture: (serial, file) => picture.show(serial, file),
    currentPicture: () => picture.current(),
    redrawStage: () => stage.redraw(),
  };
  const stage = createStage(studio);
  const picture = createPicture(studio, stage.size);
  return studio;
}

async function start() {
  startTooltips();
  const { models, default: usual } = await fetchModels();
  const autosave = await openAutosave();
  const work = (await autosave?.recoverWork()) ?? null;
  const model =
    models.find(({ name }) => name === work?.project.model) ??
    models.find(({ name }) => name === usual) ??
    models[0];
  const known = work?.project.model === model.name ? work : null;
  const studio = await createStudio([...models], model, autosave, known);
  const { store, commands } = studio;
  const keeper = autosave && keepWork(studio, autosave);

  /** @param {SavedWork} other */
  async function startOver(other) {
    if (autosave === null || keeper === null) {
      throw new Error(
        "This browser keeps no work, so the map cannot move to another model of other classes.",
      );
    }
    keeper.stop();
    await autosave.saveWork(other);
    location.reload();
  }

  const opening = createOpening(studio, guarded, startOver);
  const chooseModel = createModelChoice(studio, startOver);
  createTopbar(studio, (name) => guarded(() => chooseModel(name))());
  createToolbar(studio);
  createToolOptions(studio);
  createClassPalette(studio);
  createPictureOptions(studio);
  createStyleTray(studio);
  createStatusBar(studio);
  createSaving(studio, guarded);
  commands.set("view.keys", openShortcuts);
  listenToKeyboard(studio);
  listenToDrops((file, place) => guarded(() => opening.open(file, place))());
  if (autosave) store.set({ styles: await autosave.loadStyles() });

  window.sinopia = { document: studio.document, store, live: studio.live };
  studio.live.connect();
  if (known !== null) {
    await openSurroundings(studio, known);
    const run = guarded(() => opening.showExamples("Start anew", OLD_MAP_STAYS));
    showToast("Your last work is back.", { action: { label: "Start anew", run } });
    return;
  }
  if (work !== null) {
    await opening.adopt(work);
    return;
  }
  const words = "Choose a scene and paint on, or begin with an empty map.";
  await opening.showExamples("What shall it be?", words);
}

guarded(start)();
