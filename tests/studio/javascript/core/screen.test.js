import assert from "node:assert/strict";
import { test } from "node:test";

import { COMMANDS, keyName, matchKey } from "#static/core/keymap.js";
import { paintRgba, recentClasses, searchClasses } from "#static/core/palette.js";
import { fit, pan, snapScale, toMap, toScreen, zoomAt, zoomStep } from "#static/core/viewport.js";
import { TOOL_FACTORIES } from "#static/tools/catalog.js";
import { seeded, workbench } from "../support.js";

const COLORS = [
  [10, 20, 30],
  [200, 100, 0],
];

test("only the rectangle is coloured, unknown ids are transparent", () => {
  const target = new Uint8ClampedArray(4 * 6).fill(7);
  paintRgba(target, Uint8Array.of(0, 1, 0, 1, 255, 9), 3, { x0: 1, y0: 0, x1: 3, y1: 2 }, COLORS);
  const seven = [7, 7, 7, 7];
  const clear = [0, 0, 0, 0];
  assert.deepEqual(
    [...target],
    [...seven, 200, 100, 0, 255, 10, 20, 30, 255, ...seven, ...clear, ...clear],
  );
});

test("a highlighted class keeps its colour while the others fade to grey", () => {
  const target = new Uint8ClampedArray(8);
  const rect = { x0: 0, y0: 0, x1: 2, y1: 1 };
  paintRgba(target, Uint8Array.of(0, 1), 2, rect, COLORS, { highlight: 0 });
  assert.deepEqual([...target], [10, 20, 30, 255, 144, 122, 100, 255]);
});

test("classes are found by name, words, accents aside, and number", () => {
  const classes = ["tree", "sky-other", "clouds", "palm tree", "Treetop", "café", "street"].map(
    (name, id) => ({ id, name }),
  );
  const found = (text) => searchClasses(classes, text).map((each) => each.name);
  assert.deepEqual(found("tree"), ["tree", "Treetop", "palm tree", "street"]);
  assert.deepEqual(found(" SKY o"), ["sky-other"]);
  assert.deepEqual(found("tree palm"), ["palm tree"]);
  assert.deepEqual(found("cafe"), ["café"]);
  assert.deepEqual(found("2"), ["clouds"]);
  assert.deepEqual(found("rocks"), []);
  assert.equal(found("  ").length, 7);
});

test("the last used class comes first, each once", () => {
  assert.deepEqual(recentClasses([1, 2, 3], 3), [3, 1, 2]);
  assert.deepEqual(recentClasses([1, 2, 3], 9, 3), [9, 1, 2]);
  assert.deepEqual(recentClasses([], 0), [0]);
});

test("a fitted map is whole and in the middle", () => {
  const map = { width: 256, height: 128 };
  const screen = { width: 900, height: 900 };
  assert.deepEqual(fit(map, screen, 0), { scale: 900 / 256, x: 0, y: 225 });
  assert.deepEqual(fit(map, screen, 70), { scale: 760 / 256, x: 70, y: 260 });
  assert.deepEqual(fit(map, { width: 128, height: 100 }, 0), { scale: 0.5, x: 0, y: 18 });
  assert.equal(fit(map, screen).x, 12);
  assert.equal(fit(map, { width: 10, height: 10 }).scale, 0.05);
});

test("zooming holds the point under the pointer, panning moves everything", () => {
  const random = seeded(1);
  for (let round = 0; round < 100; round++) {
    const viewport = {
      scale: snapScale(random.between(0.1, 40)),
      x: random.between(-99, 99),
      y: 3,
    };
    const point = { x: random.between(0, 500), y: random.between(0, 500) };
    const zoomed = zoomAt(viewport, point, random.between(0.1, 40));
    const back = toScreen(zoomed, toMap(viewport, point));
    assert.ok(Math.hypot(back.x - point.x, back.y - point.y) < 1e-6);
    assert.ok(zoomed.scale <= 1 || Number.isInteger(zoomed.scale));
    assert.ok(zoomed.scale >= 0.25 && zoomed.scale <= 32);
  }
  assert.deepEqual(pan({ scale: 2, x: 1, y: 2 }, 5, -5), { scale: 2, x: 6, y: -3 });
  assert.deepEqual(toMap({ scale: 4, x: 10, y: 20 }, { x: 12, y: 24 }), { x: 0.5, y: 1 });
});

test("zoom steps reach both ends and come back the same way", () => {
  const point = { x: 0, y: 0 };
  const up = [];
  let viewport = { scale: 0.25, x: 0, y: 0 };
  for (let step = 0; step < 30; step++) {
    up.push(viewport.scale);
    viewport = zoomStep(viewport, point, 1);
  }
  assert.equal(viewport.scale, 32);
  for (const scale of [...new Set(up)].reverse()) {
    assert.equal(viewport.scale, scale);
    viewport = zoomStep(viewport, point, -1);
  }
  assert.equal(viewport.scale, 0.25);
  assert.equal(zoomStep({ scale: 7, x: 0, y: 0 }, point, -1).scale, 6);
});

function press(key, ...modifiers) {
  const has = (name) => modifiers.includes(name);
  return {
    key,
    ctrlKey: has("ctrl"),
    metaKey: has("meta"),
    shiftKey: has("shift"),
    altKey: has("alt"),
  };
}

test("keys find their commands on every keyboard", () => {
  assert.equal(matchKey(press("b")), "tool.brush");
  assert.equal(matchKey(press("B")), "tool.brush", "caps lock");
  assert.equal(matchKey(press("B", "shift")), "brush.shape");
  assert.equal(matchKey(press("z", "ctrl")), "edit.undo");
  assert.equal(matchKey(press("z", "meta")), "edit.undo");
  assert.equal(matchKey(press("Z", "ctrl", "shift")), "edit.redo");
  assert.equal(matchKey(press("?", "shift")), "view.keys");
  assert.equal(matchKey(press("[")), "brush.smaller");
  assert.equal(matchKey(press("[", "ctrl", "alt")), "brush.smaller", "AltGr");
  assert.equal(matchKey(press("ArrowLeft", "shift")), "key.Shift+ArrowLeft");
  assert.equal(matchKey(press("b", "ctrl")), null);
  assert.equal(matchKey(press("b", "alt")), null);
  assert.equal(keyName(press("Enter", "ctrl", "shift")), "Mod+Shift+Enter");
});

test("no key and no command is there twice, and every command can be pressed and read", () => {
  const keys = COMMANDS.flatMap((command) => command.keys);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(new Set(COMMANDS.map((command) => command.id)).size, COMMANDS.length);
  assert.ok(COMMANDS.every(({ title, group, keys: own }) => title && group && own.length > 0));
});

test("every tool has the key that it shows", () => {
  const { context } = workbench(4, 4);
  for (const { id, shortcut } of TOOL_FACTORIES.map((create) => create(context))) {
    assert.equal(matchKey(press(shortcut.toLowerCase())), `tool.${id}`);
  }
});
