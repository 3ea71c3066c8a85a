/** Boxes as objects: draw, select, move, resize, relabel, delete. */

/**
 * @import { Edit } from "../core/edit.js"
 * @import { Box, Cursor, Handle, Point, PointerSample, Preview } from "../core/types.js"
 * @import { Tool, ToolContext } from "../core/types.js"
 */

import {
  addBox,
  boxHandles,
  findBox,
  hitTest,
  moveBox,
  relabelBox,
  removeBox,
  resizeBox,
} from "../core/boxes.js";
import { clipRect, makeRect } from "../core/rect.js";

/** Pixels of a nudge with Shift. */
const LARGE_NUDGE = 8;

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const NUDGES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  "Shift+ArrowLeft": [-LARGE_NUDGE, 0],
  "Shift+ArrowRight": [LARGE_NUDGE, 0],
  "Shift+ArrowUp": [0, -LARGE_NUDGE],
  "Shift+ArrowDown": [0, LARGE_NUDGE],
};

/**
 * A drag always starts anew from the boxes at its beginning, so turning back or crossing the
 * opposite edge leaves no trace.
 *
 * @typedef {object} Drag
 * @property {Edit} edit
 * @property {readonly Box[]} boxes at the beginning
 * @property {Point} from
 * @property {Box | null} box null while a new one is drawn
 * @property {Handle | "inside"} handle
 */

/**
 * @param {ToolContext} context
 * @returns {Tool}
 */
export function createBox(context) {
  const { document } = context;
  /** @type {number | null} */
  let selectedId = null;
  /** @type {Drag | null} */
  let drag = null;
  /** @type {Handle | "inside" | null} */
  let hoveredHandle = null;

  /** The selected box, unless it is gone, for instance by undo, or hidden. */
  function selected() {
    if (selectedId === null || !document.boxesVisible) return null;
    return findBox(document.boxes, selectedId);
  }

  /** @param {Point} point */
  function topmost({ x, y }) {
    return document.boxesVisible ? hitTest(document.boxes, x, y, context.tolerance) : null;
  }

  /** @param {Point} point */
  function hit(point) {
    const box = selected();
    return (box && hitTest([box], point.x, point.y, context.tolerance)) ?? topmost(point);
  }

  /** @param {PointerSample} sample */
  function follow({ x, y }) {
    if (!drag?.edit.isOpen) return;
    const { edit, boxes, from, box, handle } = drag;
    if (box === null) {
      const rect = gridRect(from, { x, y });
      const added = rect && addBox(boxes, context.settings.classId, rect);
      selectedId = added?.box.id ?? null;
      edit.setBoxes(added?.boxes ?? boxes);
    } else if (handle === "inside") {
      edit.setBoxes(moveBox(boxes, box.id, x - from.x, y - from.y, document));
    } else {
      const held = draggedTo(box, handle, from, { x, y });
      edit.setBoxes(resizeBox(boxes, box.id, handle, held.x, held.y, document));
    }
  }

  /**
   * @param {Point} a
   * @param {Point} b
   */
  function gridRect(a, b) {
    const rect = makeRect(Math.round(a.x), Math.round(a.y), Math.round(b.x), Math.round(b.y));
    return clipRect(rect, document);
  }

  /** False when nothing was dragged anywhere. */
  function finish() {
    const isChanged = drag?.edit.isOpen ? drag.edit.commit() : true;
    drag = null;
    return isChanged;
  }

  function cancel() {
    const isCancelled = drag?.edit.isOpen ?? false;
    if (drag?.edit.isOpen) drag.edit.cancel();
    drag = null;
    return isCancelled;
  }

  /**
   * @param {string} label
   * @param {readonly Box[]} boxes
   */
  function change(label, boxes) {
    finish();
    const edit = document.begin(label);
    edit.setBoxes(boxes);
    edit.commit();
  }

  return {
    id: "box",
    title: "Box",
    shortcut: "X",
    get cursor() {
      return cursorFor(hoveredHandle);
    },
    down(sample) {
      finish();
      const found = hit(sample);
      if (found === null && !document.boxesVisible) document.setBoxesVisible(true);
      const label =
        found === null ? "Draw box" : found.handle === "inside" ? "Move box" : "Resize box";
      selectedId = found?.box.id ?? null;
      drag = {
        edit: document.begin(label),
        boxes: document.boxes,
        from: { x: sample.x, y: sample.y },
        box: found?.box ?? null,
        handle: found?.handle ?? "inside",
      };
    },
    move(sample) {
      if (drag === null) hoveredHandle = hit(sample)?.handle ?? null;
      follow(sample);
    },
    up(sample) {
      follow(sample);
      // A drag keeps to the selected box; a mere click chooses the one that is seen on top.
      if (!finish()) selectedId = topmost(sample)?.box.id ?? null;
      hoveredHandle = hit(sample)?.handle ?? null;
    },
    cancel,
    key(name) {
      if ((name === "Escape" || name === "Undo") && cancel()) return true;
      const box = selected();
      if (box === null || drag !== null) return false;
      if (Object.hasOwn(NUDGES, name)) {
        const [dx, dy] = NUDGES[name];
        change("Nudge box", moveBox(document.boxes, box.id, dx, dy, document));
      } else if (name === "Delete" || name === "Backspace") {
        change("Delete box", removeBox(document.boxes, box.id));
        selectedId = null;
      } else if (name === "Escape") {
        selectedId = null;
      } else {
        return false;
      }
      return true;
    },
    chooseClass(classId) {
      const box = selected();
      if (box === null) return false;
      change("Relabel box", relabelBox(document.boxes, box.id, classId));
      return true;
    },
    /** @returns {Preview | null} */
    preview() {
      const box = selected();
      return box && { kind: "box", box, handles: boxHandles(box) };
    },
  };
}

/**
 * Where the held edge or corner goes: it keeps its distance from the pointer.
 *
 * @param {Box} box
 * @param {Handle} handle
 * @param {Point} from
 * @param {Point} to
 * @returns {Point}
 */
function draggedTo(box, handle, from, to) {
  const edgeX = handle.includes("w") ? box.x0 : box.x1;
  const edgeY = handle.includes("n") ? box.y0 : box.y1;
  return { x: edgeX + to.x - from.x, y: edgeY + to.y - from.y };
}

/**
 * @param {Handle | "inside" | null} handle
 * @returns {Cursor}
 */
function cursorFor(handle) {
  if (handle === null) return "cross";
  return handle === "inside" ? "move" : `${handle}-resize`;
}
