import assert from "node:assert/strict";
import { test } from "node:test";

import { hitTest } from "#static/core/boxes.js";
import { createBox } from "#static/tools/box.js";
import { click, drag, press, sample, seeded, workbench } from "../support.js";

const RECT = { x0: 10, y0: 10, x1: 20, y1: 18 };
const BOX = { id: 1, classId: 3, ...RECT };

/** A bench with one box, drawn by hand and selected. */
function withBox() {
  const bench = workbench(40, 30);
  const tool = createBox(bench.context);
  drag(tool, [
    [10, 10],
    [20, 18],
  ]);
  return { ...bench, tool, rect: () => rectOf(bench.document.boxes[0]) };
}

function rectOf({ x0, y0, x1, y1 }) {
  return [x0, y0, x1, y1];
}

test("drawing a box: from any corner, to the nearest grid lines, live, inside the map", () => {
  const { context, document } = workbench(40, 30);
  const tool = createBox(context);
  press(tool, [
    [19.6, 18.4],
    [15, 15],
  ]);
  assert.deepEqual(document.boxes, [{ id: 1, classId: 3, x0: 15, y0: 15, x1: 20, y1: 18 }]);
  assert.equal(document.composite[16 * 40 + 16], 3);
  assert.equal(document.map.get(16, 16), 0);
  tool.move(sample(10.4, 9.7));
  tool.up(sample(10.4, 9.7));
  assert.deepEqual(document.boxes, [BOX]);
  assert.equal(document.undoLabel, "Draw box");
  context.set({ classId: 4 });
  drag(tool, [
    [30, 25],
    [300, 300],
  ]);
  assert.deepEqual(document.boxes[1], { id: 2, classId: 4, x0: 30, y0: 25, x1: 40, y1: 30 });
  document.undo();
  document.undo();
  assert.deepEqual(document.boxes, []);
  assert.equal(tool.preview(), null);
});

test("a click, a flat drag or one outside the map draws nothing", () => {
  const { context, document } = workbench(40, 30);
  const tool = createBox(context);
  click(tool, 5, 5);
  drag(tool, [
    [5, 5],
    [25, 5.2],
  ]);
  drag(tool, [
    [-9, -9],
    [-2, -2],
  ]);
  drag(tool, [
    [5, 5],
    [9, 9],
    [5, 5],
  ]);
  assert.equal(document.canUndo, false);
  assert.equal(tool.preview(), null);
});

test("a click selects the topmost box and is no step; beside all of them it deselects", () => {
  const { tool, document } = withBox();
  document.replace(document.map, [BOX, { ...BOX, id: 2, x0: 15, x1: 30 }]);
  const label = document.undoLabel;
  click(tool, 17, 14);
  assert.equal(tool.preview().box.id, 2);
  click(tool, 12, 14);
  assert.equal(tool.preview().box.id, 1);
  click(tool, 2, 2);
  assert.equal(tool.preview(), null);
  assert.equal(document.undoLabel, label);
});

test("the selected box is dragged even where another lies over it", () => {
  const { tool, document } = withBox();
  document.replace(document.map, [BOX, { ...BOX, id: 2, x0: 15, x1: 30 }]);
  click(tool, 12, 14);
  drag(tool, [
    [17, 14],
    [18, 15],
  ]);
  assert.deepEqual(document.boxes.map(rectOf), [
    [11, 11, 21, 19],
    [15, 10, 30, 18],
  ]);
});

test("moving keeps the size, stays in the map and comes back without a trace", () => {
  const { tool, document, rect } = withBox();
  drag(tool, [
    [15, 14],
    [18.4, 10.6],
  ]);
  assert.deepEqual(rect(), [13, 7, 23, 15]);
  assert.equal(document.undoLabel, "Move box");
  drag(tool, [
    [15, 10],
    [-300, 500],
  ]);
  assert.deepEqual(rect(), [0, 22, 10, 30]);
  document.undo();
  document.undo();
  drag(tool, [
    [15, 14],
    [300, 14],
    [15, 14],
  ]);
  assert.deepEqual(rect(), rectOf(RECT));
  assert.equal(document.undoLabel, "Draw box");
});

const DRAGS = {
  nw: [
    [10, 10],
    [7, 6],
    [7, 6, 20, 18],
  ],
  n: [
    [15, 10],
    [1, 6],
    [10, 6, 20, 18],
  ],
  ne: [
    [20, 10],
    [25, 12],
    [10, 12, 25, 18],
  ],
  e: [
    [20, 14],
    [13, 29],
    [10, 10, 13, 18],
  ],
  se: [
    [20, 18],
    [22, 30],
    [10, 10, 22, 30],
  ],
  s: [
    [15, 18],
    [15, 99],
    [10, 10, 20, 30],
  ],
  sw: [
    [10, 18],
    [4.4, 21.6],
    [4, 10, 20, 22],
  ],
  w: [
    [10, 14],
    [-9, 3],
    [0, 10, 20, 18],
  ],
};

const FLIPS = {
  nw: [
    [10, 10],
    [26, 25],
    [20, 18, 26, 25],
  ],
  n: [
    [15, 10],
    [15, 22],
    [10, 18, 20, 22],
  ],
  ne: [
    [20, 10],
    [5, 25],
    [5, 18, 10, 25],
  ],
  e: [
    [20, 14],
    [3, 14],
    [3, 10, 10, 18],
  ],
  se: [
    [20, 18],
    [6, 5],
    [6, 5, 10, 10],
  ],
  s: [
    [15, 18],
    [15, -9],
    [10, 0, 20, 10],
  ],
  sw: [
    [10, 18],
    [26, 4],
    [20, 4, 26, 10],
  ],
  w: [
    [10, 14],
    [99, 14],
    [20, 10, 40, 18],
  ],
};

for (const [name, table] of Object.entries({ resized: DRAGS, "turned over": FLIPS })) {
  for (const [handle, [from, to, expected]] of Object.entries(table)) {
    test(`a box is ${name} by its ${handle} handle`, () => {
      const { tool, document, rect } = withBox();
      tool.move(sample(...from, { clicks: 0 }));
      assert.equal(tool.cursor, `${handle}-resize`);
      press(tool, [from, [15, 14], to]);
      assert.deepEqual(rect(), expected);
      tool.up(sample(...to));
      assert.equal(document.undoLabel, "Resize box");
      assert.equal(tool.preview().box.id, 1);
      document.undo();
      assert.deepEqual(rect(), rectOf(RECT));
    });
  }
}

test("a box never gets thinner than a pixel", () => {
  const { tool, rect } = withBox();
  drag(tool, [
    [20, 14],
    [10, 14],
  ]);
  assert.deepEqual(rect(), [10, 10, 11, 18]);
  drag(tool, [
    [10, 14],
    [40, 14],
  ]);
  drag(tool, [
    [10.5, 10],
    [10.5, 18],
  ]);
  assert.ok(rect()[2] - rect()[0] >= 1 && rect()[3] - rect()[1] >= 1);
});

test("an edge keeps its distance from the pointer", () => {
  const { tool, document, rect } = withBox();
  drag(tool, [
    [20.9, 14],
    [20.9, 14],
  ]);
  assert.deepEqual(rect(), rectOf(RECT));
  assert.equal(document.undoLabel, "Draw box");
});

test("cancel, Escape and undo in the middle put the box back", () => {
  const ways = [
    ({ tool }) => tool.cancel(),
    ({ tool }) => assert.equal(tool.key("Escape"), true),
    ({ tool }) => assert.equal(tool.key("Undo"), true),
    ({ document }) => document.undo(),
  ];
  for (const giveUp of ways) {
    const bench = withBox();
    press(bench.tool, [
      [15, 14],
      [30, 20],
    ]);
    assert.notDeepEqual(bench.rect(), rectOf(RECT));
    giveUp(bench);
    bench.tool.move(sample(33, 20));
    bench.tool.up(sample(33, 20));
    assert.deepEqual(bench.rect(), rectOf(RECT));
    assert.equal(bench.document.undoLabel, "Draw box");
    assert.equal(bench.tool.key("Undo"), false);
  }
});

test("arrows nudge, with Shift further, up to the border", () => {
  const { tool, document, rect } = withBox();
  const names = ["ArrowLeft", "ArrowUp", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"];
  for (const name of names) assert.equal(tool.key(name), true);
  assert.deepEqual(rect(), [17, 16, 27, 24]);
  tool.key("Shift+ArrowDown");
  tool.key("ArrowDown");
  assert.deepEqual(rect(), [17, 22, 27, 30]);
  assert.equal(document.undoLabel, "Nudge box");
  for (let step = 0; step < 6; step++) document.undo();
  assert.deepEqual(rect(), rectOf(RECT));
  assert.equal(document.undoLabel, "Draw box", "a nudge against the border is no step");
});

test("Delete and Backspace remove, Escape deselects, without a selection keys are not the tool's", () => {
  for (const name of ["Delete", "Backspace"]) {
    const { tool, document } = withBox();
    assert.equal(tool.key(name), true);
    assert.deepEqual(document.boxes, []);
    assert.equal(tool.key(name), false);
    document.undo();
    assert.deepEqual(document.boxes, [BOX]);
  }
  const { tool, document } = withBox();
  assert.equal(tool.key("Escape"), true);
  for (const name of ["Escape", "Delete", "ArrowLeft", "Enter"])
    assert.equal(tool.key(name), false);
  assert.deepEqual(document.boxes, [BOX]);
});

test("a chosen class goes to the selected box", () => {
  const { tool, document } = withBox();
  assert.equal(tool.chooseClass(4), true);
  assert.deepEqual(document.boxes, [{ ...BOX, classId: 4 }]);
  assert.equal(document.undoLabel, "Relabel box");
  assert.equal(tool.chooseClass(4), true);
  document.undo();
  assert.deepEqual(document.boxes, [BOX]);
  click(tool, 1, 1);
  assert.equal(tool.chooseClass(4), false);
});

test("hidden boxes cannot be hit; drawing one shows them", () => {
  const { tool, document } = withBox();
  document.setBoxesVisible(false);
  assert.equal(tool.preview(), null);
  assert.equal(tool.key("Delete"), false);
  drag(tool, [
    [12, 12],
    [16, 16],
  ]);
  assert.equal(document.boxesVisible, true);
  assert.equal(document.boxes.length, 2);
});

test("the cursor tells what a press would do", () => {
  const { tool } = withBox();
  const over = (x, y) => {
    tool.move(sample(x, y, { clicks: 0 }));
    return tool.cursor;
  };
  assert.deepEqual(
    [over(15, 14), over(5, 5), over(9.2, 10.4), over(20.8, 14), over(22, 14)],
    ["move", "cross", "nw-resize", "e-resize", "cross"],
  );
});

test("small boxes can still be moved", () => {
  const tiny = { id: 1, classId: 0, x0: 5, y0: 5, x1: 6, y1: 6 };
  assert.equal(hitTest([tiny], 5.5, 5.5, 9).handle, "inside");
  assert.equal(hitTest([tiny], 5.1, 5.5, 9).handle, "w");
  assert.equal(hitTest([tiny], 30, 5.5, 9), null);
});

test("random work on boxes keeps them whole, inside the map, and undoable", () => {
  const random = seeded(1);
  for (let round = 0; round < 20; round++) {
    const { context, document } = workbench(40, 30);
    const tool = createBox(context);
    const point = () => [random.between(-10, 50), random.between(-10, 40)];
    for (let step = 0; step < 30; step++) {
      const action = random.pick(["drag", "drag", "drag", "key", "class", "undo"]);
      if (action === "drag") drag(tool, Array.from({ length: random.whole(1, 4) }, point));
      else if (action === "key") tool.key(random.pick(["Delete", "ArrowLeft", "Shift+ArrowDown"]));
      else if (action === "class") tool.chooseClass(random.whole(0, 4));
      else document.undo();
      for (const { x0, y0, x1, y1 } of document.boxes) {
        assert.ok([x0, y0, x1, y1].every(Number.isInteger));
        assert.ok(x0 >= 0 && y0 >= 0 && x0 < x1 && y0 < y1 && x1 <= 40 && y1 <= 30);
      }
      assert.equal(new Set(document.boxes.map((box) => box.id)).size, document.boxes.length);
    }
    while (document.undo());
    assert.deepEqual(document.boxes, []);
  }
});
