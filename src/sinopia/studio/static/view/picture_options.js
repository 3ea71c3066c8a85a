/** What can be done with the picture: compare, keep, link, download. */

/** @import { Studio } from "./types.js" */

import { button, segmented } from "./controls.js";
import { byId, element } from "./dom.js";
import { follow } from "./state.js";
import { showToast } from "./toasts.js";

/** @param {Studio} studio */
export function createPictureOptions(studio) {
  const { store, commands } = studio;
  const bar = byId("picture-options");

  const compare = button({
    label: "Before and after",
    icon: "compare",
    text: "Compare",
    key: "C",
    testid: "compare",
    onClick: () => commands.get("view.compare")?.(),
  });
  const against = segmented({
    label: "Compare with",
    testid: "compare-with",
    choices: [
      { value: "map", label: "Compare with the map", text: "Map" },
      { value: "kept", label: "Compare with the kept picture", text: "Kept" },
    ],
    onChoose: (value) => {
      if (value === "map") store.set({ compare: "map" });
      else if (store.get().kept !== null) store.set({ compare: "kept" });
      else showToast("No picture is kept yet: Keep puts the picture aside to compare with.");
    },
  });
  const keep = button({
    label: "Keep this picture to compare with",
    icon: "keep",
    text: "Keep",
    testid: "keep",
    onClick: () => void keepPicture(studio),
  });
  const link = button({
    label: "Picture moves with the map",
    icon: "link",
    testid: "link",
    onClick: () => store.set({ isLinked: !store.get().isLinked }),
  });
  const tray = button({
    label: "Show or hide variations and styles",
    icon: "panels",
    key: "V",
    testid: "tray",
    onClick: () => commands.get("look.strip")?.(),
  });
  const download = button({
    label: "Download the picture at full size (PNG)",
    icon: "download",
    text: "Download",
    key: "Ctrl E",
    kind: "primary",
    testid: "download",
    onClick: () => commands.get("file.picture")?.(),
  });
  bar.append(
    compare,
    against.element,
    keep,
    element("span", { class: "push" }),
    link,
    tray,
    download,
  );

  commands.set("view.compare", () => {
    const { compare: now, kept } = store.get();
    if (now !== "off") store.set({ compare: "off" });
    else store.set({ compare: kept === null ? "map" : "kept" });
  });
  commands.set("look.strip", () => store.set({ isTrayOpen: !store.get().isTrayOpen }));
  follow(
    store,
    (state) => state.compare,
    (now) => {
      compare.setAttribute("aria-pressed", String(now !== "off"));
      against.element.hidden = now === "off";
      against.show(now);
    },
  );
  follow(
    store,
    ({ isLinked }) => isLinked,
    (isLinked) => {
      link.setAttribute("aria-pressed", String(isLinked));
    },
  );
  follow(
    store,
    ({ isTrayOpen }) => isTrayOpen,
    (isOpen) => {
      tray.setAttribute("aria-pressed", String(isOpen));
      byId("picture-pane").classList.toggle("tray-closed", !isOpen);
    },
  );
}

/** @param {Studio} studio */
async function keepPicture({ store, currentPicture }) {
  const picture = currentPicture();
  if (picture === null) {
    showToast("There is no picture yet.");
    return;
  }
  const before = store.get().kept;
  store.set({ kept: await createImageBitmap(picture) });
  before?.close();
  showToast("Kept. Compare shows it beside what you paint from here on.");
}
