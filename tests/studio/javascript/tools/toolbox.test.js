import assert from "node:assert/strict";
import { test } from "node:test";

import { createToolbox } from "#static/tools/toolbox.js";
import { click, drag, press, sample, seeded, workbench } from "../support.js";

function bench() {
  const made = workbench(30, 20, { brushSize: 3 });
  return { ...made, toolbox: createToolbox(made.context) };
}

test("nine tools, each with its own name and letter, the brush in hand", () => {
  const { toolbox } = bench();
  assert.equal(toolbox.tools.length, 9);
  for (const name of ["id", "title", "shortcut"]) {
    assert.equal(new Set(toolbox.tools.map((tool) => tool[name])).size, 9);
  }
  assert.equal(toolbox.active.id, "brush");
  assert.throws(() => toolbox.choose("spray"), /no tool "spray"/);
});

test("Alt picks with every tool, until the pointer is lifted", () => {
  const { toolbox, context, document } = bench();
  document.replace(document.map.remapped(new Uint8Array(256).fill(6)));
  for (const { id } of toolbox.tools) {
    context.set({ classId: 3 });
    toolbox.choose(id);
    toolbox.move(sample(5, 5, { alt: true, clicks: 0 }));
    assert.equal(toolbox.cursor, "pick");
    assert.equal(toolbox.preview(), null);
    toolbox.down(sample(5, 5, { alt: true }));
    toolbox.move(sample(6, 6));
    toolbox.up(sample(6, 6));
    assert.equal(context.settings.classId, 6);
  }
  assert.equal(document.undoLabel, "Open");
  toolbox.choose("brush");
  context.set({ classId: 2 });
  toolbox.move(sample(5, 5, { clicks: 0 }));
  assert.equal(toolbox.cursor, "brush");
});

test("an Alt-drag picks along its way, and not after it was cancelled", () => {
  const { toolbox, context, document } = bench();
  const edit = document.begin("Half");
  edit.paint([[5, 10, 30]], 7);
  edit.commit();
  press(
    toolbox,
    [
      [2, 5],
      [20, 5],
    ],
    { alt: true },
  );
  assert.equal(context.settings.classId, 7);
  toolbox.cancel();
  toolbox.choose("picker");
  toolbox.move(sample(2, 5, { clicks: 0 }));
  assert.equal(context.settings.classId, 7);
});

test("choosing another tool gives up what is under way", () => {
  const { toolbox, document } = bench();
  press(toolbox, [
    [5, 5],
    [20, 10],
  ]);
  toolbox.choose("polygon");
  assert.equal(document.isEditing, false);
  assert.equal(document.canUndo, false);
  for (const [x, y] of [
    [1, 1],
    [9, 1],
    [9, 9],
  ])
    click(toolbox, x, y);
  toolbox.choose("polygon");
  assert.equal(toolbox.preview(), null);
  toolbox.up(sample(1, 1));
});

test("keys and classes go to the tool in hand", () => {
  const { toolbox, document } = bench();
  assert.equal(toolbox.key("Delete"), false);
  assert.equal(toolbox.chooseClass(1), false);
  toolbox.choose("box");
  drag(toolbox, [
    [2, 2],
    [9, 9],
  ]);
  assert.equal(toolbox.chooseClass(1), true);
  assert.equal(toolbox.key("Delete"), true);
  assert.equal(toolbox.key("Undo"), false);
  assert.deepEqual(document.boxes, []);
  toolbox.choose("fill");
  assert.equal(toolbox.key("Escape"), false);
});

test("whatever is done with all tools, undo leads back to the beginning and redo to the end", () => {
  const names = ["Enter", "Escape", "Backspace", "Delete", "ArrowUp", "Undo"];
  for (let seed = 1; seed <= 15; seed++) {
    const random = seeded(seed);
    const { toolbox, context, document } = bench();
    for (let step = 0; step < 80; step++) {
      const at = (changes) => {
        const position = [random.between(-10, 40), random.between(-10, 30)];
        return sample(...position, { shift: random.whole(0, 3) === 0, ...changes });
      };
      const action = random.pick([
        "choose",
        "down",
        "down",
        "move",
        "move",
        "up",
        "up",
        "key",
        "other",
      ]);
      if (action === "choose") toolbox.choose(random.pick(toolbox.tools).id);
      else if (action === "down")
        toolbox.down(at({ alt: random.whole(0, 9) === 0, clicks: random.whole(1, 2) }));
      else if (action === "move") toolbox.move(at());
      else if (action === "up") toolbox.up(at({ pressure: 0 }));
      else if (action === "key") toolbox.key(random.pick(names));
      else
        random.pick([
          () => document.undo(),
          () => document.redo(),
          () => toolbox.cancel(),
          () => context.set({ classId: random.whole(0, 5) }),
        ])();
      toolbox.preview();
    }
    toolbox.cancel();
    assert.equal(document.isEditing, false);
    while (document.redo());
    const end = { ids: document.map.ids.slice(), boxes: document.boxes };
    while (document.undo());
    assert.ok(document.composite.every((id) => id === 0));
    while (document.redo());
    assert.deepEqual({ ids: document.map.ids, boxes: document.boxes }, end);
  }
});
