import assert from "node:assert/strict";
import { test } from "node:test";

import { StudioDocument } from "#static/core/document.js";
import { floodFillSpans } from "#static/core/flood_fill.js";
import { LabelMap } from "#static/core/label_map.js";
import { strokeSpans } from "#static/core/strokes.js";
import { gatherTiles } from "#static/core/tiles.js";
import { plainComposite, randomMap, seeded } from "../support.js";

const NUM_CLASSES = 5;

function newDocument(width = 8, height = 8) {
  return new StudioDocument(LabelMap.filled(width, height, 0));
}

function paintOnce(document, spans, classId, label = "Paint") {
  const edit = document.begin(label);
  edit.paint(spans, classId);
  return edit.commit();
}

function stateOf(document) {
  const { width, height, map, boxes } = document;
  return { width, height, ids: [...map.ids], boxes: boxes.map((box) => ({ ...box })) };
}

function randomBoxes(random, { width, height }) {
  return Array.from({ length: random.whole(0, 3) }, (_, index) => {
    const x0 = random.whole(-5, width - 1);
    const y0 = random.whole(-5, height - 1);
    const [x1, y1] = [x0 + random.whole(1, width), y0 + random.whole(1, height)];
    return { id: index + 1, classId: random.whole(0, NUM_CLASSES - 1), x0, y0, x1, y1 };
  });
}

function workOn(edit, document, random) {
  const tip = () => ({
    x: random.between(-10, document.width + 10),
    y: random.between(-10, document.height + 10),
    diameter: random.between(1, 20),
  });
  for (let step = random.whole(0, 4); step > 0; step--) {
    const classId = random.whole(0, NUM_CLASSES - 1);
    const kind = random.pick(["stroke", "stroke", "fill", "boxes"]);
    if (kind === "stroke") {
      edit.paint(strokeSpans(random.pick(["round", "square"]), tip(), tip()), classId);
    } else if (kind === "fill") {
      const x = random.whole(0, document.width - 1);
      edit.paint(floodFillSpans(document.map, x, random.whole(0, document.height - 1)), classId);
    } else {
      edit.setBoxes(randomBoxes(random, document));
    }
  }
}

/** Follows a document by its events and dirty tiles alone, and complains when they fall short. */
function follow(document) {
  const tiles = document.trackTiles();
  const lazy = document.trackTiles();
  let shown = document.composite.slice();
  let lazyShown = document.composite.slice();
  let revision = document.revision;
  document.onChange(({ rect, kind }) => {
    assert.equal(document.revision > revision, kind !== "history");
    revision = document.revision;
    if (kind !== "all") {
      document.composite.forEach((id, index) => {
        if (id === shown[index]) return;
        const [x, y] = [index % document.width, Math.floor(index / document.width)];
        assert.ok(rect && x >= rect.x0 && x < rect.x1 && y >= rect.y0 && y < rect.y1);
      });
    }
    shown = takeInto(document, tiles, shown);
    assert.deepEqual(shown, document.composite);
  });
  return () => {
    lazyShown = takeInto(document, lazy, lazyShown);
    assert.deepEqual(lazyShown, document.composite);
    assert.deepEqual(lazy.take(), []);
  };
}

/** Brings what a consumer shows up to date by the tiles; each must be tight around its changes. */
function takeInto(document, tiles, shown) {
  const taken = tiles.take();
  const isWhole =
    taken.length === 1 && taken[0][2] === document.width && taken[0][3] === document.height;
  const target =
    shown.length === document.composite.length ? shown : new Uint8Array(document.composite.length);
  const payload = gatherTiles(document.composite, document.width, taken);
  let at = 0;
  for (const [x, y, width, height] of taken) {
    assert.ok(x >= 0 && y >= 0 && x + width <= document.width && y + height <= document.height);
    let numChanged = 0;
    for (let line = y; line < y + height; line++) {
      for (let column = x; column < x + width; column++, at++) {
        const index = line * document.width + column;
        if (target[index] !== payload[at]) numChanged++;
        target[index] = payload[at];
      }
    }
    assert.ok(isWhole || numChanged > 0, "a tile without a change");
  }
  assert.equal(at, payload.length);
  return target;
}

for (let seed = 1; seed <= 12; seed++) {
  test(`random work agrees with snapshots, seed ${seed}`, () => {
    const random = seeded(seed);
    const size = () => random.pick([1, 31, 32, 33, 70]);
    const document = new StudioDocument(randomMap(random, size(), size(), NUM_CLASSES));
    const checkLazy = follow(document);
    const snapshots = [stateOf(document)];
    let present = 0;
    for (let step = 0; step < 60; step++) {
      const action = random.pick([
        "edit",
        "edit",
        "edit",
        "cancel",
        "undo",
        "redo",
        "replace",
        "hide",
      ]);
      if (action === "undo") {
        assert.equal(document.canUndo, present > 0);
        assert.equal(document.undo(), present > 0);
        present = Math.max(present - 1, 0);
      } else if (action === "redo") {
        assert.equal(document.canRedo, present < snapshots.length - 1);
        assert.equal(document.redo(), present < snapshots.length - 1);
        present = Math.min(present + 1, snapshots.length - 1);
      } else if (action === "hide") {
        document.setBoxesVisible(random.pick([true, false]));
      } else {
        const isDone = change(document, action, random, size);
        const after = stateOf(document);
        const isDifferent = JSON.stringify(after) !== JSON.stringify(snapshots[present]);
        assert.equal(isDone, isDifferent, action);
        if (isDone) snapshots.splice(++present, Infinity, after);
      }
      assert.deepEqual(stateOf(document), snapshots[present], `${action} at step ${step}`);
      assert.deepEqual(document.composite, plainComposite(document), `${action} at step ${step}`);
      if (random.whole(0, 3) === 0) checkLazy();
    }
    while (document.undo()) present--;
    assert.equal(present, 0);
    assert.deepEqual(stateOf(document), snapshots[0]);
    while (document.redo());
    assert.deepEqual(stateOf(document), snapshots.at(-1));
    checkLazy();
  });
}

function change(document, action, random, size) {
  if (action === "replace" && random.whole(0, 1) === 0) {
    const map = randomMap(random, size(), size(), NUM_CLASSES);
    return document.replace(map, randomBoxes(random, map));
  }
  const edit = document.begin("Work");
  workOn(edit, document, random);
  if (action === "edit") return edit.commit();
  edit.cancel();
  return false;
}

test("an edit that changes nothing leaves no step and keeps what can be redone", () => {
  const document = newDocument();
  paintOnce(document, [[1, 1, 4]], 2);
  document.undo();
  const changes = [];
  document.onChange((change) => changes.push(change));
  const revision = document.revision;
  assert.equal(paintOnce(document, [[1, 1, 4]], 0), false);
  assert.equal(
    paintOnce(
      document,
      [
        [-1, 0, 9],
        [8, 0, 9],
        [3, 9, 12],
        [3, -4, 0],
      ],
      2,
    ),
    false,
  );
  const edit = document.begin("Back and forth");
  edit.paint([[0, 0, 8]], 4);
  edit.paint([[0, 0, 8]], 0);
  edit.setBoxes([{ id: 1, classId: 2, x0: 0, y0: 0, x1: 1, y1: 1 }]);
  edit.setBoxes([]);
  assert.equal(edit.commit(), false);
  assert.equal(document.canUndo, false);
  assert.equal(document.redoLabel, "Paint");
  assert.deepEqual(
    changes.map((each) => each.kind),
    ["map", "map", "boxes", "boxes"],
  );
  assert.equal(document.revision, revision + 4);
});

test("only one edit at a time, and none after its end", () => {
  const document = newDocument();
  const edit = document.begin("First");
  assert.throws(() => document.begin("Second"), /"Second".*another edit is open/);
  edit.commit();
  assert.equal(edit.isOpen, false);
  for (const use of [
    () => edit.paint([], 1),
    () => edit.setBoxes([]),
    () => edit.commit(),
    () => edit.cancel(),
  ]) {
    assert.throws(use, /"First" is closed/);
  }
  document.begin("Second").cancel();
});

test("undo in the middle of an edit takes back the edit, redo waits", () => {
  const document = newDocument();
  paintOnce(document, [[0, 0, 8]], 1, "Kept");
  paintOnce(document, [[1, 0, 8]], 1, "Undone");
  document.undo();
  const edit = document.begin("Half");
  edit.paint([[2, 0, 8]], 2);
  assert.equal(document.redo(), false);
  assert.equal(document.undo(), true);
  assert.equal(edit.isOpen, false);
  assert.equal(document.isEditing, false);
  assert.deepEqual([...document.map.ids], [...new Uint8Array(8).fill(1), ...new Uint8Array(56)]);
  assert.equal(document.undoLabel, "Kept");
  assert.equal(document.redoLabel, "Undone");
});

test("the history names its steps, and a new step ends what could be redone", () => {
  const document = newDocument();
  assert.equal(document.undoLabel, null);
  paintOnce(document, [[0, 0, 8]], 1, "Brush");
  paintOnce(document, [[1, 0, 8]], 1, "Fill");
  assert.equal(document.undoLabel, "Fill");
  document.undo();
  assert.deepEqual([document.undoLabel, document.redoLabel], ["Brush", "Fill"]);
  paintOnce(document, [[2, 0, 8]], 1, "Line");
  assert.deepEqual([document.undoLabel, document.redoLabel], ["Line", null]);
});

test("map and boxes in one edit are one step", () => {
  const document = newDocument();
  const box = { id: 1, classId: 4, x0: 2, y0: 2, x1: 20, y1: 3 };
  const edit = document.begin("Both");
  edit.paint([[2, 0, 4]], 3);
  edit.setBoxes([box]);
  edit.commit();
  assert.deepEqual([...document.composite.subarray(16, 24)], [3, 3, 4, 4, 4, 4, 4, 4]);
  document.undo();
  assert.deepEqual(document.boxes, []);
  assert.ok(document.composite.every((id) => id === 0));
  document.redo();
  assert.deepEqual(document.boxes, [box]);
});

test("opening a file can be undone, commits the open edit, and keeps the caller's map apart", () => {
  const document = newDocument();
  const edit = document.begin("Half");
  edit.paint([[0, 0, 2]], 1);
  const opened = LabelMap.filled(3, 2, 7);
  const changes = [];
  document.onChange((change) => changes.push(change));
  assert.equal(document.replace(opened, [], "Open lake.png"), true);
  assert.equal(document.replace(opened), false);
  assert.deepEqual(
    changes.map((each) => each.kind),
    ["history", "all"],
  );
  assert.deepEqual(changes[1].rect, { x0: 0, y0: 0, x1: 3, y1: 2 });
  assert.equal(document.undoLabel, "Open lake.png");
  paintOnce(document, [[0, 0, 3]], 1);
  assert.ok(opened.ids.every((id) => id === 7));
  document.undo();
  document.undo();
  assert.equal(document.width, 8);
  assert.equal(document.undoLabel, "Half");
  document.redo();
  assert.equal(document.width, 3);
});

test("hidden boxes are not in the composite, and hiding is no step", () => {
  const box = { id: 1, classId: 4, x0: 1, y0: 1, x1: 3, y1: 2 };
  const document = new StudioDocument(LabelMap.filled(4, 4, 0), [box]);
  const changes = [];
  document.onChange((change) => changes.push(change));
  document.setBoxesVisible(false);
  document.setBoxesVisible(false);
  assert.ok(document.composite.every((id) => id === 0));
  assert.equal(document.canUndo, false);
  assert.deepEqual(changes, [{ rect: { x0: 1, y0: 1, x1: 3, y1: 2 }, kind: "boxes" }]);
  document.setBoxesVisible(true);
  assert.equal(document.composite[5], 4);
});

test("listeners and consumers that left hear nothing", () => {
  const document = newDocument();
  const heard = [];
  const unsubscribe = document.onChange(() => heard.push(1));
  const tiles = document.trackTiles();
  unsubscribe();
  tiles.close();
  paintOnce(document, [[0, 0, 8]], 1);
  assert.deepEqual(heard, []);
  assert.deepEqual(tiles.take(), []);
});

test("dirty tiles are tight, joined sideways, and forget what was taken back", () => {
  const document = newDocument(96, 40);
  const tiles = document.trackTiles();
  paintOnce(
    document,
    [
      [3, 20, 70],
      [5, 20, 70],
    ],
    1,
  );
  assert.deepEqual(tiles.take(), [[20, 3, 50, 3]]);
  paintOnce(document, [[33, 40, 41]], 1);
  document.undo();
  assert.deepEqual(tiles.take(), []);
  document.redo();
  tiles.forget();
  assert.deepEqual(tiles.take(), []);
  document.replace(LabelMap.filled(5, 4, 2));
  assert.deepEqual(tiles.take(), [[0, 0, 5, 4]]);
  assert.deepEqual(tiles.take(), []);
});
