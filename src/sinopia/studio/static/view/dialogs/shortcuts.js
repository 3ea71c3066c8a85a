/** The sheet of all keys, made from the same table that the keys are read from. */

/** @import { Command } from "../../core/types.js" */

import { COMMANDS } from "../../core/keymap.js";
import { element } from "../dom.js";
import { openDialog } from "./dialog.js";

/** @type {Readonly<Record<string, string>>} */
const SIGNS = { ArrowLeft: "\u2190", ArrowRight: "\u2192", ArrowUp: "\u2191", ArrowDown: "\u2193" };

/** @type {readonly (readonly [string, readonly string[]])[]} */
const ON_THE_MAP = [
  ["Zoom", ["Wheel"]],
  ["Pan", ["Space", "drag"]],
  ["Pan", ["Middle button"]],
  ["Pick the class under the pointer", ["Alt", "click"]],
  ["Move the pointer on the map", ["\u2190 \u2191 \u2192 \u2193"]],
  ["Press or lift it", ["Enter"]],
];

export function openShortcuts() {
  /** @type {Map<string, Command[]>} */
  const byGroup = new Map();
  for (const command of COMMANDS) {
    if (isSummed(command)) continue;
    byGroup.set(command.group, [...(byGroup.get(command.group) ?? []), command]);
  }
  const sections = [...byGroup].map(([group, commands]) =>
    section(
      group,
      commands.map(({ title, keys }) => [title, partsOf(keys[0])]),
    ),
  );
  const numbers = line("Favourite or first classes", ["1", "\u2013", "9"]);
  sections.find((each) => each.dataset.group === "Painting")?.append(numbers);
  const arrows = line("Move the box by one pixel, with Shift by eight", [
    "\u2190 \u2191 \u2192 \u2193",
  ]);
  sections.find((each) => each.dataset.group === "Shapes and boxes")?.append(arrows);
  const pointer = section("On the map", ON_THE_MAP);
  openDialog({
    title: "Keyboard and pointer",
    testid: "shortcuts",
    body: [element("div", { class: "shortcuts" }, ...sections, pointer)],
  });
}

/** @param {Command} command whether one line stands for it and its like */
function isSummed({ id }) {
  return /^classes\.favourite\d$/.test(id) || /Arrow(Left|Right|Up|Down)$/.test(id);
}

/** @param {string} key as in the table */
function partsOf(key) {
  if (key === "+") return ["+"];
  const isMac = navigator.platform.startsWith("Mac");
  return key
    .split("+")
    .map((part) => (part === "Mod" ? (isMac ? "Cmd" : "Ctrl") : (SIGNS[part] ?? part)));
}

/** @param {string} group @param {readonly (readonly [string, readonly string[]])[]} lines */
function section(group, lines) {
  return element(
    "section",
    { "data-group": group },
    element("h3", {}, group),
    ...lines.map(([title, keys]) => line(title, keys)),
  );
}

/** @param {string} title @param {readonly string[]} keys */
function line(title, keys) {
  return element(
    "div",
    { class: "line" },
    element("span", {}, title),
    element("span", { class: "keys" }, ...keys.map((key) => element("kbd", {}, key))),
  );
}
