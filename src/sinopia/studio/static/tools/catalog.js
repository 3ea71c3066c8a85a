/** All tools, in the order of the toolbar. */

/** @import { Tool, ToolContext } from "../core/types.js" */

import { createBox } from "./box.js";
import { createBrush, createEraser } from "./brush.js";
import { createEllipse, createLine, createRectangle } from "./drag_shape.js";
import { createFill } from "./fill.js";
import { createPicker } from "./picker.js";
import { createPolygon } from "./polygon.js";

/** @type {readonly ((context: ToolContext) => Tool)[]} */
export const TOOL_FACTORIES = [
  createBrush,
  createEraser,
  createFill,
  createLine,
  createPolygon,
  createRectangle,
  createEllipse,
  createBox,
  createPicker,
];
