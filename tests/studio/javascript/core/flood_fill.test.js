import assert from "node:assert/strict";
import { test } from "node:test";

import { floodFillSpans, replaceSpans } from "#static/core/flood_fill.js";
import { LabelMap } from "#static/core/label_map.js";
import { mapOf, pixelsOf, randomMap, seeded } from "../support.js";

/** Neighbour by neighbour. */
function plainFill(map, x, y) {
  const wanted = map.get(x, y);
  const found = new Set();
  const open = [[x, y]];
  while (open.length > 0) {
    const [px, py] = open.pop();
    if (map.get(px, py) !== wanted || found.has(`${px},${py}`)) continue;
    found.add(`${px},${py}`);
    open.push([px + 1, py], [px - 1, py], [px, py + 1], [px, py - 1]);
  }
  return [...found].sort();
}

test("a fill finds what a plain search finds", () => {
  const random = seeded(1);
  for (let round = 0; round < 300; round++) {
    const map = randomMap(random, random.whole(1, 30), random.whole(1, 30), random.whole(1, 3));
    const x = random.whole(0, map.width - 1);
    const y = random.whole(0, map.height - 1);
    const shift = random.number();
    assert.deepEqual(pixelsOf(floodFillSpans(map, x + shift, y + shift)), plainFill(map, x, y));
  }
});

test("a fill does not pass between two corners", () => {
  const map = mapOf(".1.", "1..", "...");
  assert.deepEqual(floodFillSpans(map, 0, 0), [[0, 0, 1]]);
});

test("a fill does not run from the end of a line to the next", () => {
  const map = mapOf("110", "011", "110");
  assert.deepEqual(floodFillSpans(map, 2.5, 0.5), [[0, 2, 3]]);
});

test("a fill outside the map finds nothing", () => {
  const map = mapOf("..", "..");
  for (const [x, y] of [
    [-0.1, 0],
    [0, -1],
    [2, 0],
    [0, 2],
    [NaN, 0],
  ]) {
    assert.deepEqual(floodFillSpans(map, x, y), []);
  }
});

test("long winding areas are found whole", () => {
  const side = 301;
  const map = LabelMap.filled(side, side, 0);
  for (let y = 1; y < side; y += 2) {
    map.ids.fill(1, y * side, (y + 1) * side);
    map.ids[y * side + (y % 4 === 1 ? side - 1 : 0)] = 0;
  }
  const free = map.ids.filter((id) => id === 0).length;
  assert.equal(pixelsOf(floodFillSpans(map, 0, 0)).length, free);
});

test("all pixels of a class, wherever they are", () => {
  const map = mapOf("1.11", "....", ".111");
  assert.deepEqual(replaceSpans(map, 1), [
    [0, 0, 1],
    [0, 2, 4],
    [2, 1, 4],
  ]);
  assert.deepEqual(replaceSpans(map, 7), []);
  assert.equal(pixelsOf(replaceSpans(map, 0)).length, 6);
});
