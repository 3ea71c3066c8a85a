/** The bucket: gives another class to an area, or to a class wherever it is. */

/** @import { Tool, ToolContext } from "../core/types.js" */

import { floodFillSpans, replaceSpans } from "../core/flood_fill.js";

/**
 * @param {ToolContext} context
 * @returns {Tool}
 */
export function createFill(context) {
  return {
    id: "fill",
    title: "Fill",
    shortcut: "G",
    cursor: "fill",
    down({ x, y }) {
      const { document, settings } = context;
      const replaced = document.map.get(x, y);
      if (replaced === null || replaced === settings.classId) return;
      const isGlobal = settings.fillMode === "global";
      const spans = isGlobal
        ? replaceSpans(document.map, replaced)
        : floodFillSpans(document.map, x, y);
      const edit = document.begin(isGlobal ? "Replace class" : "Fill");
      edit.paint(spans, settings.classId);
      edit.commit();
    },
    move() {},
    up() {},
    cancel() {},
    preview: () => null,
  };
}
