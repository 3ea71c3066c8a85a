/** The three layers: map, boxes, and an underlay to trace. */

/** @import { Studio, Underlay } from "./types.js" */

import { attachPopover, button, slider } from "./controls.js";
import { element } from "./dom.js";
import { follow } from "./state.js";

/** @param {Studio} studio */
export function createLayers({ document, store, commands }) {
  const opener = button({
    label: "Layers: boxes and tracing underlay",
    icon: "layers",
    text: "Layers",
    testid: "layers",
  });
  const panel = element("div", { class: "padded", role: "dialog", "aria-label": "Layers" });
  const place = element("span", {}, opener);
  attachPopover(opener, panel);

  const boxes = element("input", { type: "checkbox", testid: "boxes-visible" });
  boxes.addEventListener("change", () => document.setBoxesVisible(boxes.checked));
  commands.set("view.boxes", () => document.setBoxesVisible(!document.boxesVisible));
  const showBoxes = () => {
    boxes.checked = document.boxesVisible;
  };
  document.onChange(showBoxes);
  showBoxes();

  /** @param {Partial<Underlay>} patch */
  const change = (patch) => {
    const { underlay } = store.get();
    if (underlay) store.set({ underlay: { ...underlay, ...patch } });
  };
  const underlay = element("input", { type: "checkbox", testid: "underlay-visible" });
  underlay.addEventListener("change", () => change({ visible: underlay.checked }));
  commands.set("view.underlay", () => change({ visible: !store.get().underlay?.visible }));
  const opacity = slider({
    label: "Underlay opacity",
    min: 0,
    max: 100,
    testid: "underlay-opacity",
    onInput: (value) => change({ opacity: value / 100 }),
  });
  const percent = element("span", { class: "muted" });
  const name = element("p", { class: "muted", testid: "underlay-name" });
  const choose = button({
    label: "Choose a photo to trace",
    icon: "photo",
    text: "Choose a photo to trace",
    testid: "underlay-choose",
    onClick: () => commands.get("file.underlay")?.(),
  });
  const remove = button({
    label: "Remove the underlay",
    icon: "trash",
    text: "Remove the underlay",
    testid: "underlay-remove",
    onClick: () => store.set({ underlay: null }),
  });

  panel.append(
    element("h2", {}, "Layers"),
    element("label", { class: "check-row" }, boxes, "Boxes"),
    element("label", { class: "check-row" }, underlay, "Tracing underlay"),
    name,
    element("div", { class: "row" }, opacity, percent),
    choose,
    remove,
  );
  follow(
    store,
    (state) => state.underlay,
    (current) => {
      underlay.disabled = opacity.disabled = remove.disabled = current === null;
      underlay.checked = current?.visible ?? false;
      opacity.valueAsNumber = 100 * (current?.opacity ?? 0.5);
      percent.textContent = `${Math.round(opacity.valueAsNumber)} %`;
      name.textContent = current?.name ?? "A photo dropped on the map lies over it for tracing.";
    },
  );
  return place;
}
