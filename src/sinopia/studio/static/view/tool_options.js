/** What the tool in hand can be told: size, shape, how far a fill goes; and the layers. */

/**
 * @import { ToolSettings } from "../core/types.js"
 * @import { Studio } from "./types.js"
 */

import { button, segmented, slider } from "./controls.js";
import { byId, element, setAttribute } from "./dom.js";
import { createLayers } from "./layers.js";
import { className, colorsOf, follow } from "./state.js";
import { cssColor } from "./dom.js";

const LARGEST_BRUSH = 128;
const WITH_SIZE = ["brush", "eraser", "line"];

/** @type {Readonly<Record<string, string>>} */
const HINTS = {
  polygon: "Click points; Enter or a double click closes, Backspace removes the last.",
  rectangle: "Drag; Shift makes a square.",
  ellipse: "Drag; Shift makes a circle.",
  box: "Draw, move and resize boxes; a class chosen below becomes the selected box's.",
  picker: "Click to paint with the class under the pointer.",
};

/** @param {Studio} studio */
export function createToolOptions(studio) {
  const { store, commands } = studio;
  const bar = byId("tool-options");

  /** @param {Partial<ToolSettings>} patch */
  const change = (patch) => store.set({ settings: { ...store.get().settings, ...patch } });

  const size = createSize(change);
  const shape = segmented({
    label: "Brush shape",
    testid: "brush-shape",
    choices: [
      { value: "round", label: "Round brush", icon: "round" },
      { value: "square", label: "Square brush", icon: "square" },
    ],
    onChoose: (value) => change({ brushShape: value === "square" ? "square" : "round" }),
  });
  const pressure = button({
    label: "Pen pressure changes the size",
    icon: "pen",
    testid: "use-pressure",
    onClick: () => change({ usePressure: !store.get().settings.usePressure }),
  });
  const fillMode = segmented({
    label: "Fill",
    testid: "fill-mode",
    choices: [
      { value: "contiguous", label: "Fill the area under the pointer", text: "One area" },
      { value: "global", label: "Replace this class everywhere", text: "Everywhere" },
    ],
    onChoose: (value) => change({ fillMode: value === "global" ? "global" : "contiguous" }),
  });
  const hint = element("span", { class: "muted hint" });
  bar.append(
    createCurrentClass(studio),
    size.element,
    shape.element,
    pressure,
    fillMode.element,
    hint,
  );
  bar.append(element("span", { class: "push" }), createLayers(studio));

  follow(
    store,
    ({ tool }) => tool,
    (tool) => {
      const hasSize = WITH_SIZE.includes(tool);
      size.element.hidden = !hasSize;
      shape.element.hidden = !hasSize;
      pressure.hidden = !hasSize || tool === "line";
      fillMode.element.hidden = tool !== "fill";
      hint.textContent = HINTS[tool] ?? "";
      setAttribute(hint, "title", HINTS[tool]);
    },
  );
  follow(
    store,
    ({ settings }) => settings,
    ({ brushSize, brushShape, usePressure, fillMode: mode }) => {
      size.show(brushSize);
      shape.show(brushShape);
      pressure.setAttribute("aria-pressed", String(usePressure));
      fillMode.show(mode);
    },
  );

  commands.set("brush.smaller", () =>
    change({ brushSize: stepped(store.get().settings.brushSize, -1) }),
  );
  commands.set("brush.larger", () =>
    change({ brushSize: stepped(store.get().settings.brushSize, 1) }),
  );
  commands.set("brush.shape", () => {
    change({ brushShape: store.get().settings.brushShape === "round" ? "square" : "round" });
  });
  commands.set("fill.mode", () => {
    change({ fillMode: store.get().settings.fillMode === "global" ? "contiguous" : "global" });
  });
}

/**
 * Small brushes change by single pixels, large ones by a sixth.
 *
 * @param {number} size
 * @param {number} direction
 */
function stepped(size, direction) {
  const step = Math.max(1, Math.round(size / 6));
  return Math.min(Math.max(size + direction * step, 1), LARGEST_BRUSH);
}

/** @param {(patch: Partial<ToolSettings>) => void} change */
function createSize(change) {
  // The slider moves in equal ratios: 2 against 3 pixels matters, 102 against 103 does not.
  const range = slider({
    label: "Brush size",
    min: 0,
    max: 100,
    testid: "brush-size",
    onInput: (value) => change({ brushSize: Math.round(LARGEST_BRUSH ** (value / 100)) }),
  });
  const number = element("input", {
    class: "field number",
    type: "number",
    min: 1,
    max: LARGEST_BRUSH,
    "aria-label": "Brush size in pixels",
    "data-tip": "Brush size in map pixels",
    "data-key": "[ ]",
    testid: "brush-size-number",
  });
  number.addEventListener("change", () => {
    if (!number.checkValidity() || Number.isNaN(number.valueAsNumber)) return;
    change({ brushSize: Math.round(number.valueAsNumber) });
  });
  return {
    element: element("span", { class: "labelled" }, range, number),
    /** @param {number} size */
    show(size) {
      const at = Math.round((100 * Math.log(size)) / Math.log(LARGEST_BRUSH));
      if (Math.round(LARGEST_BRUSH ** (range.valueAsNumber / 100)) !== size)
        range.value = String(at);
      range.setAttribute("aria-valuetext", `${size} pixels`);
      number.value = String(size);
    },
  };
}

/** @param {Studio} studio the class that would be painted, always in sight */
function createCurrentClass({ store }) {
  const swatch = element("span", { class: "swatch" });
  const name = element("span", { class: "current-name", testid: "current-class" });
  follow(
    store,
    ({ settings, tool, model }) => {
      const { classId, backgroundClassId } = settings;
      return JSON.stringify([model.name, tool === "eraser" ? backgroundClassId : classId]);
    },
    () => {
      const { settings, tool, model } = store.get();
      const id = tool === "eraser" ? settings.backgroundClassId : settings.classId;
      swatch.style.backgroundColor = cssColor(colorsOf(model)[id] ?? [0, 0, 0]);
      name.textContent = className(model, id);
    },
  );
  return element("span", { class: "labelled current-class" }, swatch, name);
}
