/** The tools together: which one is in hand, and who gets the pointer. */

/** @import { PointerSample, Tool, ToolContext } from "../core/types.js" */

import { TOOL_FACTORIES } from "./catalog.js";

/** @param {ToolContext} context */
export function createToolbox(context) {
  const tools = TOOL_FACTORIES.map((create) => create(context));
  const byId = new Map(tools.map((tool) => [tool.id, tool]));
  let active = find("brush");
  /** @type {Tool | null} the tool that got `down`; it gets everything until `up` */
  let held = null;
  let isAltHovering = false;

  /** @param {string} id */
  function find(id) {
    const tool = byId.get(id);
    if (tool === undefined) throw new RangeError(`there is no tool "${id}"`);
    return tool;
  }

  function inHand() {
    return held ?? (isAltHovering ? find("picker") : active);
  }

  function cancel() {
    held?.cancel();
    held = null;
    active.cancel();
  }

  return {
    tools,
    get active() {
      return active;
    },
    get cursor() {
      return inHand().cursor;
    },
    /** @param {string} id */
    choose(id) {
      cancel();
      active = find(id);
    },
    /** @param {PointerSample} sample */
    down(sample) {
      held = sample.alt ? find("picker") : active;
      held.down(sample);
    },
    /** @param {PointerSample} sample */
    move(sample) {
      isAltHovering = sample.alt;
      (held ?? active).move(sample);
    },
    /** @param {PointerSample} sample */
    up(sample) {
      const tool = held;
      held = null;
      tool?.up(sample);
    },
    cancel,
    /** @param {string} name */
    key: (name) => active.key?.(name) ?? false,
    /** @param {number} classId */
    chooseClass: (classId) => active.chooseClass?.(classId) ?? false,
    preview: () => (inHand() === active ? active.preview() : null),
  };
}
