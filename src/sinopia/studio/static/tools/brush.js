/** Free strokes: the brush paints the chosen class, the eraser the background class. */

/**
 * @import { Edit } from "../core/edit.js"
 * @import { BrushShape, PointerSample, Tip } from "../core/types.js"
 * @import { Tool, ToolContext, ToolSettings } from "../core/types.js"
 */

import { strokeSpans } from "../core/strokes.js";
import { brushPreview, tipAt } from "./tip.js";

/** @param {ToolContext} context */
export function createBrush(context) {
  return createStrokeTool(context, {
    id: "brush",
    title: "Brush",
    shortcut: "B",
    classOf: (settings) => settings.classId,
  });
}

/** @param {ToolContext} context */
export function createEraser(context) {
  return createStrokeTool(context, {
    id: "eraser",
    title: "Eraser",
    shortcut: "E",
    classOf: (settings) => settings.backgroundClassId,
  });
}

/**
 * @param {ToolContext} context
 * @param {object} kind
 * @param {string} kind.id
 * @param {string} kind.title
 * @param {string} kind.shortcut
 * @param {(settings: ToolSettings) => number} kind.classOf
 * @returns {Tool}
 */
function createStrokeTool(context, { id, title, shortcut, classOf }) {
  /** @type {{edit: Edit, classId: number, shape: BrushShape, tip: Tip} | null} */
  let stroke = null;
  /** @type {PointerSample | null} */
  let hovered = null;

  /** @param {PointerSample} sample */
  function extend(sample) {
    hovered = sample;
    if (!stroke?.edit.isOpen) return;
    const tip = tipAt(sample, context.settings);
    stroke.edit.paint(strokeSpans(stroke.shape, stroke.tip, tip), stroke.classId);
    stroke.tip = tip;
  }

  function finish() {
    if (stroke?.edit.isOpen) stroke.edit.commit();
    stroke = null;
  }

  function cancel() {
    const isCancelled = stroke?.edit.isOpen ?? false;
    if (stroke?.edit.isOpen) stroke.edit.cancel();
    stroke = null;
    return isCancelled;
  }

  return {
    id,
    title,
    shortcut,
    cursor: "brush",
    down(sample) {
      finish();
      const { settings } = context;
      stroke = {
        edit: context.document.begin(title),
        classId: classOf(settings),
        shape: settings.brushShape,
        tip: tipAt(sample, settings),
      };
      extend(sample);
    },
    move: extend,
    up(sample) {
      // A pen that is lifted reports no pressure, which is not a wish for a thin end.
      extend({ ...sample, pressure: hovered?.pressure ?? sample.pressure });
      finish();
    },
    cancel,
    key: (name) => (name === "Escape" || name === "Undo") && cancel(),
    preview: () => brushPreview(hovered, context.settings),
  };
}
