import assert from "node:assert/strict";
import { test } from "node:test";

import { strokeSpans } from "#static/core/strokes.js";
import { createBrush, createEraser } from "#static/tools/brush.js";
import { createEllipse, createLine, createRectangle } from "#static/tools/drag_shape.js";
import { createFill } from "#static/tools/fill.js";
import { createPicker } from "#static/tools/picker.js";
import { click, drag, mapOf, press, sample, seeded, workbench } from "../support.js";

test("a stroke is the sweep of all its samples, painted while the pointer is down", () => {
  const random = seeded(1);
  for (let round = 0; round < 30; round++) {
    const settings = {
      brushShape: random.pick(["round", "square"]),
      brushSize: random.whole(2, 9),
    };
    const { context, document, drawing } = workbench(40, 30, settings);
    const plain = workbench(40, 30);
    // Also far outside: the pointer leaves the canvas and comes back in one stroke.
    const points = Array.from({ length: random.whole(1, 8) }, () => [
      random.between(-30, 70),
      random.between(-30, 60),
    ]);
    const brush = createBrush(context);
    const edit = plain.document.begin("Plain");
    points.forEach(([x, y], index) => {
      if (index === 0) brush.down(sample(x, y));
      else brush.move(sample(x, y));
      const [fromX, fromY] = points[Math.max(index - 1, 0)];
      const diameter = settings.brushSize;
      const [from, to] = [
        { x: fromX, y: fromY, diameter },
        { x, y, diameter },
      ];
      edit.paint(strokeSpans(settings.brushShape, from, to), 3);
      assert.deepEqual(drawing(), plain.drawing());
    });
    brush.up(sample(...points.at(-1)));
    assert.equal(document.canUndo, edit.commit());
    document.undo();
    assert.ok(document.map.ids.every((id) => id === 0));
  }
});

test("a stroke of one pixel paints the pixel under the pointer, without moving as well", () => {
  for (const brushShape of ["round", "square"]) {
    const { context, drawing } = workbench(4, 3, { brushShape });
    click(createBrush(context), 1.02, 1.98);
    click(createBrush(context), 3, 0);
    assert.deepEqual(drawing(), ["...3", ".3..", "...."]);
  }
});

test("a stroke is one step, hovering is none", () => {
  const { context, document } = workbench(20, 20, { brushSize: 4 });
  const brush = createBrush(context);
  brush.move(sample(5, 5));
  assert.equal(document.canUndo, false);
  drag(brush, [
    [2, 2],
    [8, 8],
    [15, 2],
  ]);
  brush.move(sample(10, 18));
  assert.equal(document.undoLabel, "Brush");
  document.undo();
  assert.equal(document.canUndo, false);
  drag(brush, [
    [-9, -9],
    [-5, -9],
  ]);
  assert.equal(document.canUndo, false, "nothing was hit");
});

test("a cancelled stroke leaves no trace, and the pointer may go on", () => {
  const { context, document, drawing } = workbench(20, 20, { brushSize: 4 });
  const brush = createBrush(context);
  drag(brush, [
    [2, 2],
    [8, 8],
  ]);
  const before = drawing();
  press(brush, [
    [12, 12],
    [3, 3],
  ]);
  brush.cancel();
  brush.move(sample(18, 18));
  brush.up(sample(18, 18));
  assert.deepEqual(drawing(), before);
  assert.equal(document.isEditing, false);
});

test("undo in the middle takes the stroke back, whether the tool or the document is asked", () => {
  for (const undo of [({ brush }) => brush.key("Undo"), ({ document }) => document.undo()]) {
    const { context, document } = workbench(20, 20, { brushSize: 4 });
    const brush = createBrush(context);
    drag(brush, [
      [2, 2],
      [8, 8],
    ]);
    press(brush, [
      [12, 12],
      [3, 3],
    ]);
    assert.equal(undo({ brush, document }), true);
    drag({ ...brush, down: () => {} }, [
      [12, 12],
      [18, 3],
    ]);
    assert.equal(document.map.get(18, 3), 0);
    assert.equal(document.map.get(5, 5), 3);
    assert.equal(brush.key("Undo"), false);
    assert.equal(brush.key("x"), false);
    document.undo();
    assert.equal(document.canUndo, false);
  }
});

test("a press without a lift before it keeps both strokes", () => {
  const { context, document } = workbench(20, 20, { brushSize: 2 });
  const brush = createBrush(context);
  press(brush, [
    [2, 2],
    [5, 2],
  ]);
  drag(brush, [
    [2, 10],
    [5, 10],
  ]);
  assert.deepEqual(
    [document.map.get(3, 2), document.map.get(3, 10), document.map.get(3, 6)],
    [3, 3, 0],
  );
  document.undo();
  assert.deepEqual([document.map.get(3, 2), document.map.get(3, 10)], [3, 0]);
});

test("pressure changes a pen's width, not a mouse's, and lifting does not thin the end", () => {
  const pen = { pointerType: "pen" };
  const width = (x, { document }) =>
    Array.from({ length: 40 }, (_, y) => document.map.get(x, y)).filter((id) => id === 3).length;
  const bench = workbench(62, 40, { brushSize: 20, brushShape: "square" });
  const brush = createBrush(bench.context);
  brush.down(sample(10, 20, { ...pen, pressure: 0.2 }));
  brush.move(sample(50, 20, { ...pen, pressure: 1 }));
  brush.up(sample(52, 20, { ...pen, pressure: 0 }));
  assert.deepEqual([width(8, bench), width(50, bench), width(61, bench)], [4, 20, 20]);
  assert.ok(width(30, bench) > 8 && width(30, bench) < 20);

  for (const [settings, pointer] of [
    [{ usePressure: false }, pen],
    [{ usePressure: true }, { pointerType: "mouse" }],
  ]) {
    const other = workbench(60, 40, { brushSize: 20, brushShape: "square", ...settings });
    drag(
      createBrush(other.context),
      [
        [20, 20],
        [40, 20],
      ],
      { ...pointer, pressure: 0.2 },
    );
    assert.equal(width(30, other), 20);
  }
});

test("size may change within a stroke, class and shape may not", () => {
  const { context, document } = workbench(60, 40, { brushSize: 2, brushShape: "square" });
  const brush = createBrush(context);
  press(brush, [[10, 20]]);
  context.set({ brushSize: 20, classId: 4, brushShape: "round" });
  brush.move(sample(40, 20));
  brush.up(sample(40, 20));
  assert.equal(document.map.get(49, 29), 3, "a square corner of the new size");
  assert.ok(!document.map.ids.includes(4));
});

test("the eraser paints the background class", () => {
  const { context, document } = workbench(9, 9, { backgroundClassId: 2 });
  drag(createEraser(context), [
    [0, 4],
    [8, 4],
  ]);
  assert.deepEqual([document.map.get(4, 4), document.map.get(4, 3)], [2, 0]);
  assert.equal(document.undoLabel, "Eraser");
});

test("the outline of the brush follows the pointer", () => {
  const { context } = workbench(9, 9, { brushSize: 5 });
  const brush = createBrush(context);
  assert.equal(brush.preview(), null);
  brush.move(sample(3.2, 4.1));
  assert.deepEqual(brush.preview(), { kind: "brush", x: 3.2, y: 4.1, diameter: 5, shape: "round" });
  context.set({ brushSize: 1 });
  assert.deepEqual(brush.preview(), { kind: "brush", x: 3.5, y: 4.5, diameter: 1, shape: "round" });
});

test("fill: an area or everywhere", () => {
  for (const [fillMode, expected] of [
    ["contiguous", ["331", "31.", "1.."]],
    ["global", ["331", "313", "133"]],
  ]) {
    const { context, document, drawing } = workbench(3, 3, { fillMode });
    document.replace(mapOf("..1", ".1.", "1.."));
    const fill = createFill(context);
    const steps = [];
    document.onChange(({ kind }) => steps.push(kind));
    click(fill, 0.5, 0.5);
    assert.deepEqual(drawing(), expected);
    click(fill, 0.5, 0.5);
    click(fill, -1, 5);
    assert.deepEqual(steps, ["map", "history"]);
    document.undo();
    assert.deepEqual(drawing(), ["..1", ".1.", "1.."]);
  }
});

test("a pen's line is as wide as it began", () => {
  const { context, document } = workbench(30, 10, { brushSize: 6, brushShape: "square" });
  const line = createLine(context);
  line.down(sample(5, 5, { pointerType: "pen", pressure: 1 }));
  line.up(sample(25, 5, { pointerType: "pen", pressure: 0 }));
  assert.equal(document.map.get(27, 7), 3);
});

test("a line is painted at the end, with the brush's width, straight with Shift", () => {
  const { context, document, drawing } = workbench(6, 6);
  const line = createLine(context);
  press(line, [
    [0.5, 0.5],
    [9, 3],
    [5.2, 1.4],
  ]);
  assert.ok(document.map.ids.every((id) => id === 0));
  assert.equal(line.preview().kind, "spans");
  line.up(sample(5.2, 1.4, { shift: true }));
  assert.deepEqual(drawing().slice(0, 2), ["333333", "......"]);
  drag(
    line,
    [
      [0.5, 5.5],
      [4.6, 2],
    ],
    { shift: true },
  );
  assert.deepEqual(drawing().slice(1), ["....3.", "...3..", "..3...", ".3....", "3....."]);
  drag(
    line,
    [
      [5.5, 0.5],
      [5.1, 5.5],
    ],
    { shift: true },
  );
  assert.equal(document.map.get(5, 5), 3);
  assert.equal(line.preview().kind, "brush");
});

test("rectangle and ellipse, from any corner, square with Shift, clipped to the map", () => {
  const bench = workbench(6, 4);
  drag(createRectangle(bench.context), [
    [4, 3],
    [1, 1],
  ]);
  assert.deepEqual(bench.drawing(), ["......", ".333..", ".333..", "......"]);
  const square = workbench(6, 4);
  drag(
    createRectangle(square.context),
    [
      [5, 3],
      [2, 2.2],
    ],
    { shift: true },
  );
  assert.deepEqual(square.drawing(), ["..333.", "..333.", "..333.", "......"]);
  const circle = workbench(6, 4);
  drag(
    createEllipse(circle.context),
    [
      [1, 0],
      [3, 4],
    ],
    { shift: true },
  );
  assert.deepEqual(circle.drawing(), ["..33..", ".3333.", ".3333.", "..33.."]);
  const outside = workbench(6, 4);
  drag(createRectangle(outside.context), [
    [4, 2],
    [900, -900],
  ]);
  assert.deepEqual(outside.drawing(), ["....33", "....33", "......", "......"]);
  drag(createEllipse(outside.context), [
    [-90, -90],
    [-10, -10],
  ]);
  assert.equal(outside.document.undoLabel, "Rectangle");
  outside.document.undo();
  assert.equal(outside.document.canUndo, false);
});

test("shapes show what they will paint, and give up on Escape, cancel and undo", () => {
  for (const create of [createLine, createRectangle, createEllipse]) {
    for (const giveUp of [
      (tool) => tool.cancel(),
      (tool) => tool.key("Escape"),
      (tool) => tool.key("Undo"),
    ]) {
      const { context, document } = workbench(20, 20, { brushSize: 3 });
      const tool = create(context);
      press(tool, [
        [3, 3],
        [10, 12],
      ]);
      const { spans, classId } = tool.preview();
      giveUp(tool);
      tool.up(sample(10, 12));
      assert.equal(document.canUndo, false);
      assert.equal(tool.key("Escape"), false);
      drag(tool, [
        [3, 3],
        [10, 12],
      ]);
      const painted = workbench(20, 20);
      painted.document.begin("Preview").paint(spans, classId);
      assert.deepEqual(document.map.ids, painted.document.map.ids);
    }
  }
});

test("a drag of no length: a line is a dab, the others are nothing", () => {
  for (const [create, isPainted] of [
    [createLine, true],
    [createRectangle, false],
    [createEllipse, false],
  ]) {
    const { context, document } = workbench(9, 9, { brushSize: 3 });
    click(create(context), 4.5, 4.5);
    assert.equal(document.canUndo, isPainted);
  }
});

test("the picker takes the class that is seen", () => {
  const { context, document } = workbench(3, 3);
  document.replace(mapOf("012", "345", "678"), [{ id: 1, classId: 9, x0: 0, y0: 0, x1: 1, y1: 2 }]);
  const picker = createPicker(context);
  const picked = (x, y) => {
    click(picker, x, y);
    return context.settings.classId;
  };
  assert.deepEqual([picked(2.5, 1.5), picked(0.5, 1.9), picked(-1, 0)], [5, 9, 9]);
  document.setBoxesVisible(false);
  assert.equal(picked(0.5, 1.9), 3);
  press(picker, [
    [0, 0],
    [1.5, 2.5],
  ]);
  assert.equal(context.settings.classId, 7);
  picker.up(sample(1.5, 2.5));
  picker.move(sample(0, 0));
  assert.equal(context.settings.classId, 7);
});
