/** All keys of the studio in one table: pressing them and showing them read the same. */

/** @import { Command, KeyPress } from "./types.js" */

/** @type {readonly Command[]} */
export const COMMANDS = [
  { id: "tool.brush", title: "Brush", group: "Tools", keys: ["B"] },
  { id: "tool.eraser", title: "Eraser", group: "Tools", keys: ["E"] },
  { id: "tool.fill", title: "Fill", group: "Tools", keys: ["G"] },
  { id: "tool.line", title: "Line", group: "Tools", keys: ["L"] },
  { id: "tool.polygon", title: "Polygon", group: "Tools", keys: ["P"] },
  { id: "tool.rectangle", title: "Rectangle", group: "Tools", keys: ["R"] },
  { id: "tool.ellipse", title: "Ellipse", group: "Tools", keys: ["O"] },
  { id: "tool.box", title: "Box", group: "Tools", keys: ["X"] },
  { id: "tool.picker", title: "Class picker (or Alt-click)", group: "Tools", keys: ["I"] },

  { id: "brush.smaller", title: "Smaller brush", group: "Painting", keys: ["["] },
  { id: "brush.larger", title: "Larger brush", group: "Painting", keys: ["]"] },
  { id: "brush.shape", title: "Round or square brush", group: "Painting", keys: ["Shift+B"] },
  { id: "fill.mode", title: "Fill one area or everywhere", group: "Painting", keys: ["Shift+G"] },
  { id: "classes.search", title: "Search classes", group: "Painting", keys: ["/", "Mod+K"] },
  { id: "classes.previous", title: "Class used before", group: "Painting", keys: ["Q"] },
  ...Array.from({ length: 9 }, (_, index) => ({
    id: `classes.favourite${index + 1}`,
    title: `Favourite class ${index + 1}`,
    group: "Painting",
    keys: [String(index + 1)],
  })),

  { id: "key.Enter", title: "Close the polygon", group: "Shapes and boxes", keys: ["Enter"] },
  { id: "key.Escape", title: "Give up, deselect", group: "Shapes and boxes", keys: ["Escape"] },
  {
    id: "key.Backspace",
    title: "Remove the last point, or the box",
    group: "Shapes and boxes",
    keys: ["Backspace"],
  },
  { id: "key.Delete", title: "Remove the box", group: "Shapes and boxes", keys: ["Delete"] },
  ...["Left", "Right", "Up", "Down"].flatMap((side) => [
    {
      id: `key.Arrow${side}`,
      title: `Move the box ${side.toLowerCase()} by a pixel`,
      group: "Shapes and boxes",
      keys: [`Arrow${side}`],
    },
    {
      id: `key.Shift+Arrow${side}`,
      title: `Move the box ${side.toLowerCase()} by eight pixels`,
      group: "Shapes and boxes",
      keys: [`Shift+Arrow${side}`],
    },
  ]),

  { id: "edit.undo", title: "Undo", group: "Work", keys: ["Mod+Z"] },
  { id: "edit.redo", title: "Redo", group: "Work", keys: ["Mod+Shift+Z", "Mod+Y"] },
  { id: "file.open", title: "Open a map, picture or project", group: "Work", keys: ["Mod+O"] },
  { id: "file.save", title: "Save the project", group: "Work", keys: ["Mod+S"] },
  { id: "file.picture", title: "Download the picture", group: "Work", keys: ["Mod+E"] },

  { id: "view.larger", title: "Zoom in", group: "View", keys: ["+", "="] },
  { id: "view.smaller", title: "Zoom out", group: "View", keys: ["-"] },
  { id: "view.fit", title: "Whole map", group: "View", keys: ["0"] },
  { id: "view.pixels", title: "One pixel to one", group: "View", keys: ["Z"] },
  { id: "view.boxes", title: "Show or hide boxes", group: "View", keys: ["Shift+X"] },
  { id: "view.underlay", title: "Show or hide the underlay", group: "View", keys: ["U"] },
  { id: "view.compare", title: "Before and after", group: "View", keys: ["C"] },
  { id: "view.theme", title: "Light or dark", group: "View", keys: ["T"] },
  { id: "view.keys", title: "This sheet", group: "View", keys: ["?"] },

  { id: "look.next", title: "New variation", group: "Picture", keys: ["N"] },
  { id: "look.strip", title: "Show or hide variations", group: "Picture", keys: ["V"] },
];

/** @type {ReadonlyMap<string, string>} */
const COMMAND_BY_KEY = new Map(
  COMMANDS.flatMap(({ id, keys }) => keys.map((key) => /** @type {const} */ ([key, id]))),
);

/**
 * The command that a key press stands for, or null.
 *
 * @param {KeyPress} press
 */
export function matchKey(press) {
  return COMMAND_BY_KEY.get(keyName(press)) ?? null;
}

/**
 * A key press as the table writes it. Shift is part of the name of letters and named keys; of
 * signs it is not, since keyboards differ in which of them need it.
 *
 * @param {KeyPress} press
 */
export function keyName({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  // Some keyboards write "[" with AltGr, which reports itself as Ctrl and Alt.
  const isMod = (ctrlKey || metaKey) && !(isSign && altKey);
  return [
    isMod ? "Mod" : "",
    altKey && !isSign ? "Alt" : "",
    shiftKey && !isSign ? "Shift" : "",
    key.length === 1 ? key.toUpperCase() : key,
  ]
    .filter((part) => part !== "")
    .join("+");
}
