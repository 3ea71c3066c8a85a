import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeFrame, encodeFrame } from "#static/core/frame.js";
import { LabelMap } from "#static/core/label_map.js";
import {
  clipRect,
  intersectRect,
  isEmptyRect,
  makeRect,
  rectContains,
  unionRect,
} from "#static/core/rect.js";
import { createStore } from "#static/core/store.js";
import { decodeStyleCode, encodeStyleCode, mixStyleCodes } from "#static/core/style_code.js";
import { TileGrid, packRuns, unpackRuns } from "#static/core/tiles.js";
import { drawingOf, mapOf, seeded } from "../support.js";

test("rectangles", () => {
  const a = makeRect(5, 1, 2, 4);
  assert.deepEqual(a, { x0: 2, y0: 1, x1: 5, y1: 4 });
  const b = makeRect(4, 3, 9, 9);
  assert.deepEqual(unionRect(a, b), { x0: 2, y0: 1, x1: 9, y1: 9 });
  assert.equal(unionRect(null, b), b);
  assert.equal(unionRect(null, null), null);
  assert.deepEqual(intersectRect(a, b), { x0: 4, y0: 3, x1: 5, y1: 4 });
  assert.equal(intersectRect(a, makeRect(5, 1, 6, 2)), null);
  assert.deepEqual(clipRect(makeRect(-3, -3, 99, 1), { width: 8, height: 4 }), {
    x0: 0,
    y0: 0,
    x1: 8,
    y1: 1,
  });
  assert.ok(isEmptyRect(makeRect(1, 1, 1, 5)) && !isEmptyRect(a));
  assert.ok(rectContains(a, { x: 2, y: 1 }) && !rectContains(a, { x: 5, y: 1 }));
});

test("a label map at another size takes the pixel under each centre", () => {
  const map = mapOf("123", "456");
  assert.deepEqual(drawingOf(map.resized(6, 4)), ["112233", "112233", "445566", "445566"]);
  assert.deepEqual(drawingOf(map.resized(2, 1)), ["46"]);
  assert.deepEqual(drawingOf(map.resized(3, 2)), drawingOf(map));
  // floor((i + 0.5) * 3 / 7): 0.21 0.64 1.07 1.5 1.93 2.36 2.79
  assert.deepEqual(drawingOf(map.resized(7, 1)), ["4455566"]);
});

test("a label map tells its pixels and refuses wrong sizes", () => {
  const map = mapOf("12", "34");
  assert.equal(map.get(1.9, 0.1), 2);
  assert.equal(map.get(2, 0), null);
  assert.equal(map.get(0, -0.1), null);
  assert.throws(() => new LabelMap(2, 2, new Uint8Array(3)), /2x2 label map needs 4 ids, got 3/);
  assert.throws(() => new LabelMap(0, 2, new Uint8Array(0)), /sides of 1 or more, got 0x2/);
  const table = new Uint8Array(256).fill(9);
  table[3] = 1;
  assert.deepEqual(drawingOf(map.remapped(table)), ["99", "19"]);
  const copy = map.clone();
  copy.ids[0] = 7;
  assert.ok(map.get(0, 0) === 1 && !map.equals(copy) && map.equals(map.clone()));
  assert.ok(!mapOf("12").equals(mapOf("1", "2")));
});

test("packed runs come back, long and short", () => {
  const random = seeded(1);
  for (const length of [0, 1, 255, 256, 257, 1024]) {
    const flat = new Uint8Array(length).fill(200);
    assert.deepEqual(unpackRuns(packRuns(flat), length), flat);
    assert.equal(packRuns(flat).length, 2 * Math.ceil(length / 256));
    const noise = flat.map(() => random.whole(0, 2));
    assert.deepEqual(unpackRuns(packRuns(noise), length), noise);
  }
});

test("tiles cover a map once, cut off at its end", () => {
  const grid = new TileGrid({ width: 70, height: 33 });
  assert.equal(grid.count, 6);
  assert.deepEqual(grid.rect(5), { x0: 64, y0: 32, x1: 70, y1: 33 });
  assert.deepEqual([...grid.touching({ x0: 31, y0: 0, x1: 33, y1: 33 })], [0, 1, 3, 4]);
  assert.deepEqual([...grid.touching({ x0: 32, y0: 31, x1: 64, y1: 32 })], [1]);
});

test("frames are laid out as the server expects", () => {
  const bytes = encodeFrame({ a: "ü" }, Uint8Array.of(1, 2), Uint8Array.of(3));
  assert.deepEqual([...bytes], [10, 0, 0, 0, ...Buffer.from('{"a":"ü"}', "utf8"), 1, 2, 3]);
  const shifted = new Uint8Array([9, ...bytes]).subarray(1);
  const { header, payload } = decodeFrame(shifted);
  assert.deepEqual(header, { a: "ü" });
  assert.deepEqual([...payload], [1, 2, 3]);
});

test("broken frames are refused in words", () => {
  const frame = (json) => new Uint8Array([json.length, 0, 0, 0, ...Buffer.from(json)]);
  assert.throws(() => decodeFrame(Uint8Array.of(1, 0, 0)), /at least 4 bytes, not 3/);
  assert.throws(
    () => decodeFrame(Uint8Array.of(5, 0, 0, 0, 123)),
    /5 bytes cannot have a header of 5/,
  );
  assert.throws(() => decodeFrame(Uint8Array.of(255, 255, 255, 255)), /header of 4294967295/);
  for (const json of ["[]", "null", "3"])
    assert.throws(() => decodeFrame(frame(json)), /JSON object/);
  assert.throws(() => decodeFrame(frame("{")), SyntaxError);
  assert.throws(() => encodeFrame({ long: "x".repeat(1 << 20) }), /at most 1048576 bytes/);
});

test("style codes are little-endian float32 in base64", () => {
  assert.equal(encodeStyleCode(Float32Array.of(1, -2)), "AACAPwAAAMA=");
  assert.deepEqual(decodeStyleCode("AACAPwAAAMA="), Float32Array.of(1, -2));
  const random = seeded(2);
  const code = Float32Array.from({ length: 256 }, () => random.between(-3, 3));
  assert.deepEqual(decodeStyleCode(encodeStyleCode(code)), code);
  assert.throws(() => decodeStyleCode("AACAPwA="), /float32 numbers, 5 bytes are not/);
});

test("mixing style codes follows the arc between them", () => {
  const a = Float32Array.of(3, 0);
  const b = Float32Array.of(0, 3);
  const middle = mixStyleCodes(a, b, 0.5);
  assert.ok(Math.abs(middle[0] - 3 * Math.SQRT1_2) < 1e-6 && middle[0] === middle[1]);
  const third = mixStyleCodes(a, b, 1 / 3);
  assert.ok(Math.abs(third[0] - 3 * Math.cos(Math.PI / 6)) < 1e-6);
  assert.ok(Math.abs(third[1] - 3 * Math.sin(Math.PI / 6)) < 1e-6);
  assert.deepEqual(mixStyleCodes(a, b, 0), a);
  assert.deepEqual(mixStyleCodes(a, b, 1), b);
  assert.deepEqual(mixStyleCodes(a, Float32Array.of(5, 0), 0.5), Float32Array.of(4, 0));
  assert.deepEqual(mixStyleCodes(a, Float32Array.of(-3, 0), 0.5), Float32Array.of(0, 0));
  assert.deepEqual(mixStyleCodes(new Float32Array(2), b, 0.5), Float32Array.of(0, 1.5));
  assert.throws(() => mixStyleCodes(a, new Float32Array(3), 0.5), /of 2 and 3 numbers/);
});

test("a store tells only those whose value changed", () => {
  const store = createStore({ a: 1, b: 1 });
  const heard = [];
  const end = store.subscribe(
    (state) => state.a,
    (value) => heard.push(value),
  );
  store.set({ b: 2 });
  store.set({ a: 1 });
  store.set({ a: 5 });
  assert.deepEqual(store.get(), { a: 5, b: 2 });
  end();
  store.set({ a: 6 });
  assert.deepEqual(heard, [5]);
});

test("a store's listener may set the store, and may leave while it is told", () => {
  const store = createStore({ a: 0, b: 0 });
  const heard = [];
  store.subscribe(
    (state) => state.a,
    (a) => store.set({ b: a * 2 }),
  );
  const end = store.subscribe(
    (state) => state.b,
    (b) => {
      heard.push(b);
      end();
    },
  );
  store.set({ a: 1 });
  store.set({ a: 2 });
  assert.deepEqual(heard, [2]);
  assert.deepEqual(store.get(), { a: 2, b: 4 });
});
