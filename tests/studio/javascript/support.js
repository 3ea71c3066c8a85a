/** What the tests share: a seeded generator, plain references, and a pointer to drive tools with. */

import { StudioDocument } from "#static/core/document.js";
import { LabelMap } from "#static/core/label_map.js";

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
export function seeded(seed) {
  let state = seed >>> 0;
  const number = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (low, high) => low + Math.floor(number() * (high - low + 1));
  return {
    number,
    /** low..high, both included */
    whole,
    between: (low, high) => low + number() * (high - low),
    /** a multiple of a quarter, where floating point is exact and borders are hit often */
    quarter: (low, high) => whole(4 * low, 4 * high) / 4,
    pick: (list) => list[whole(0, list.length - 1)],
  };
}

/** The pixels of spans as "x,y", in order; fails on overlapping or empty spans. */
export function pixelsOf(spans) {
  const pixels = [];
  for (const [y, x0, x1] of spans) {
    if (x0 >= x1) throw new Error(`empty span ${[y, x0, x1]}`);
    for (let x = x0; x < x1; x++) pixels.push(`${x},${y}`);
  }
  const unique = new Set(pixels);
  if (unique.size !== pixels.length) throw new Error("spans overlap");
  return [...unique].sort();
}

/** All pixels of a window whose centre the predicate accepts, as pixelsOf writes them. */
export function pixelsWhere(low, high, isInside) {
  const pixels = [];
  for (let y = low; y < high; y++) {
    for (let x = low; x < high; x++) if (isInside(x + 0.5, y + 0.5)) pixels.push(`${x},${y}`);
  }
  return pixels.sort();
}

/** A map drawn with one character a pixel: "." is 0, digits are themselves. */
export function mapOf(...lines) {
  const ids = lines.flatMap((line) => [...line].map((letter) => Number(letter.replace(".", "0"))));
  return new LabelMap(lines[0].length, lines.length, Uint8Array.from(ids));
}

export function drawingOf({ width, height, ids }) {
  return Array.from({ length: height }, (_, y) =>
    [...ids.subarray(y * width, (y + 1) * width)].join("").replaceAll("0", "."),
  );
}

export function randomMap(random, width, height, numClasses) {
  const ids = Uint8Array.from({ length: width * height }, () => random.whole(0, numClasses - 1));
  return new LabelMap(width, height, ids);
}

/** The composite put together pixel by pixel. */
export function plainComposite(document) {
  const composite = document.map.ids.slice();
  if (!document.boxesVisible) return composite;
  for (const { classId, x0, y0, x1, y1 } of document.boxes) {
    for (let y = 0; y < document.height; y++) {
      for (let x = 0; x < document.width; x++) {
        const isInside = x >= x0 && x < x1 && y >= y0 && y < y1;
        if (isInside) composite[y * document.width + x] = classId;
      }
    }
  }
  return composite;
}

/** A document on class 0, and what a tool needs around it; `said` holds the announcements. */
export function workbench(width, height, settings = {}) {
  const document = new StudioDocument(LabelMap.filled(width, height, 0));
  const said = [];
  const context = {
    document,
    tolerance: 1,
    settings: {
      classId: 3,
      backgroundClassId: 0,
      brushShape: "round",
      brushSize: 1,
      usePressure: true,
      fillMode: "contiguous",
      ...settings,
    },
    set(patch) {
      context.settings = { ...context.settings, ...patch };
    },
    announce: (text) => said.push(text),
  };
  return { document, context, said, drawing: () => drawingOf(document.map) };
}

export function sample(x, y, changes = {}) {
  return {
    x,
    y,
    pressure: 0.5,
    pointerType: "mouse",
    shift: false,
    alt: false,
    ctrl: false,
    clicks: 1,
    ...changes,
  };
}

/** Presses at the first point, moves over the others and lifts at the last. */
export function drag(tool, points, changes = {}) {
  press(tool, points, changes);
  tool.up(sample(...points.at(-1), { ...changes, pressure: 0 }));
}

/** The same, but the pointer stays down. */
export function press(tool, points, changes = {}) {
  const [first, ...others] = points;
  tool.down(sample(...first, changes));
  for (const point of others) tool.move(sample(...point, changes));
}

export function click(tool, x, y, changes = {}) {
  drag(tool, [[x, y]], changes);
}
