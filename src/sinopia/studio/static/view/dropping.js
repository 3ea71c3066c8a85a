/** Files from the disk: chosen in the browser's dialog, or dropped on the page. */

import { byId, element } from "./dom.js";

/**
 * @param {string} accept
 * @returns {Promise<File | null>}
 */
export function chooseFile(accept) {
  const input = element("input", { type: "file", accept, hidden: true, testid: "file-input" });
  document.body.append(input);
  return new Promise((resolve) => {
    const finish = () => {
      input.remove();
      resolve(input.files?.[0] ?? null);
    };
    input.addEventListener("change", finish);
    input.addEventListener("cancel", finish);
    input.click();
  });
}

/** @param {(file: File, place: "style" | "anywhere") => void} onFile */
export function listenToDrops(onFile) {
  const styles = byId("style-tray");
  const stage = byId("stage");

  /** @param {DragEvent} event */
  const placeOf = (event) =>
    event.target instanceof Node && styles.contains(event.target) ? "style" : "anywhere";

  /** @param {HTMLElement | null} target */
  const show = (target) => {
    for (const each of [styles, stage]) each.classList.toggle("drop-target", each === target);
  };

  window.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    show(placeOf(event) === "style" ? styles : stage);
  });
  window.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) show(null);
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    show(null);
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file, placeOf(event));
  });
}
