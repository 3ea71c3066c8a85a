/** Takes the class under the pointer as the class to paint with. */

/** @import { PointerSample, Tool, ToolContext } from "../core/types.js" */

import { rectContains } from "../core/rect.js";

/**
 * @param {ToolContext} context
 * @returns {Tool}
 */
export function createPicker(context) {
  let isDown = false;

  /** @param {PointerSample} sample */
  function pick(sample) {
    const classId = classAt(context, sample);
    if (classId !== null && classId !== context.settings.classId) context.set({ classId });
  }

  return {
    id: "picker",
    title: "Class picker",
    shortcut: "I",
    cursor: "pick",
    down(sample) {
      isDown = true;
      pick(sample);
    },
    move(sample) {
      if (isDown) pick(sample);
    },
    up() {
      isDown = false;
    },
    cancel() {
      isDown = false;
    },
    preview: () => null,
  };
}

/**
 * The class that is seen at a point, a box's before the map's; null outside the map.
 *
 * @param {ToolContext} context
 * @param {PointerSample} sample
 */
function classAt({ document }, sample) {
  const beneath = document.map.get(sample.x, sample.y);
  if (beneath === null || !document.boxesVisible) return beneath;
  const pixel = { x: Math.floor(sample.x), y: Math.floor(sample.y) };
  const top = [...document.boxes].reverse().find((box) => rectContains(box, pixel));
  return top?.classId ?? beneath;
}
