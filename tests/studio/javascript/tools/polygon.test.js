import assert from "node:assert/strict";
import { test } from "node:test";

import { polygonSpans } from "#static/core/spans.js";
import { createPolygon } from "#static/tools/polygon.js";
import { click, pixelsOf, sample, workbench } from "../support.js";

const CORNERS = [
  [2, 2],
  [15, 3],
  [12, 16],
  [4, 12],
];

function begun(numCorners = CORNERS.length) {
  const bench = workbench(20, 20);
  const tool = createPolygon(bench.context);
  for (const [x, y] of CORNERS.slice(0, numCorners)) click(tool, x, y);
  return { ...bench, tool };
}

/** The painted pixels must be those of the polygon with these corners. */
function assertPainted(document, corners) {
  const painted = [];
  document.map.ids.forEach((id, at) => {
    if (id === 3) painted.push(`${at % document.width},${Math.floor(at / document.width)}`);
  });
  assert.deepEqual(painted.sort(), pixelsOf(polygonSpans(corners.map(([x, y]) => ({ x, y })))));
  assert.equal(document.undoLabel, "Polygon");
}

test("Enter closes a polygon", () => {
  const { tool, document } = begun();
  assert.equal(document.canUndo, false);
  assert.equal(tool.key("Enter"), true);
  assertPainted(document, CORNERS);
  assert.equal(tool.preview(), null);
  assert.equal(tool.key("Enter"), false);
});

test("a double click closes it at its own place, once", () => {
  const { tool, document } = begun(3);
  click(tool, 4, 12);
  click(tool, 4.3, 12.4, { clicks: 2 });
  assertPainted(document, CORNERS);
  document.undo();
  assert.equal(document.canUndo, false);
});

test("a click on the first corner closes it", () => {
  const { tool, document } = begun();
  tool.move(sample(2.5, 1.2, { clicks: 0 }));
  assert.equal(tool.preview().closed, true);
  click(tool, 2.5, 1.2);
  assertPainted(document, CORNERS);
});

test("Backspace and undo take corners back, one by one", () => {
  const { tool, document } = begun();
  click(tool, 19, 19);
  assert.equal(tool.key("Backspace"), true);
  click(tool, 18, 19);
  assert.equal(tool.key("Undo"), true);
  tool.key("Enter");
  assertPainted(document, CORNERS);

  const started = begun(1);
  assert.equal(started.tool.key("Backspace"), true);
  assert.equal(started.tool.key("Backspace"), false);
  assert.equal(started.tool.key("Undo"), false);
});

test("Escape and cancel give up", () => {
  for (const giveUp of [(tool) => tool.key("Escape"), (tool) => tool.cancel()]) {
    const { tool, document } = begun();
    giveUp(tool);
    assert.equal(tool.preview(), null);
    assert.equal(tool.key("Enter"), false);
    assert.equal(document.canUndo, false);
  }
});

test("fewer than three corners are not closed, in words", () => {
  const { tool, document, said } = begun(2);
  tool.key("Enter");
  click(tool, 15, 3, { clicks: 2 });
  assert.equal(document.canUndo, false);
  assert.equal(said.length, 2);
  assert.match(said[0], /three corners/);
  click(tool, 12, 16);
  click(tool, 4, 12);
  tool.key("Enter");
  assertPainted(document, CORNERS);
});

test("the same corner twice counts once; other keys are not the polygon's", () => {
  const { tool, said } = begun(2);
  click(tool, 15, 3);
  tool.key("Enter");
  assert.equal(said.length, 1);
  assert.equal(tool.key("Delete"), false);
  assert.equal(tool.key("toString"), false);
});

test("the preview goes to the pointer", () => {
  const { tool } = begun(1);
  tool.move(sample(7, 8, { clicks: 0 }));
  const points = [
    { x: 2, y: 2 },
    { x: 7, y: 8 },
  ];
  assert.deepEqual(tool.preview(), { kind: "points", points, closed: false });
});

test("corners far outside the map are fine", () => {
  const { context, document } = workbench(20, 20);
  const tool = createPolygon(context);
  for (const [x, y] of [
    [-500, -500],
    [700, -500],
    [700, 700],
    [-500, 700],
  ])
    click(tool, x, y);
  tool.key("Enter");
  assert.ok(document.map.ids.every((id) => id === 3));
});
