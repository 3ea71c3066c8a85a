import assert from "node:assert/strict";
import { test } from "node:test";

import { ellipseSpans, polygonSpans, rectangleSpans } from "#static/core/spans.js";
import { strokeSpans } from "#static/core/strokes.js";
import { pixelsOf, pixelsWhere, seeded } from "../support.js";

const LOW = -12;
const HIGH = 44;

/** The smallest value of a convex function on 0..1, by thirds. */
function lowest(value) {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const third = (high - low) / 3;
    if (value(low + third) <= value(high - third)) high -= third;
    else low += third;
  }
  return Math.min(value(low), value(0), value(1));
}

/** How far outside the sweep a point is: below zero inside, zero on the border. */
function sweepDistance(shape, from, to, x, y) {
  return lowest((t) => {
    const dx = x - (from.x + t * (to.x - from.x));
    const dy = y - (from.y + t * (to.y - from.y));
    const radius = (from.diameter + t * (to.diameter - from.diameter)) / 2;
    return (shape === "round" ? Math.hypot(dx, dy) : Math.max(Math.abs(dx), Math.abs(dy))) - radius;
  });
}

function randomTip(random, coordinate) {
  const diameter = random.pick([1, 2, 3, 8, random.between(1, 14)]);
  return { x: coordinate(0, 30), y: coordinate(0, 30), diameter };
}

for (const shape of ["round", "square"]) {
  test(`a ${shape} stroke is exactly what the tip sweeps over`, () => {
    const random = seeded(1);
    for (let round = 0; round < 25; round++) {
      const from = randomTip(random, random.between);
      const to = randomTip(random, random.between);
      const expected = pixelsWhere(LOW, HIGH, (x, y) => sweepDistance(shape, from, to, x, y) <= 0);
      assert.deepEqual(
        pixelsOf(strokeSpans(shape, from, to)),
        expected,
        JSON.stringify({ from, to }),
      );
    }
  });
}

/** One dab of the brush. */
function brushSpans(shape, diameter, x, y) {
  const tip = { x, y, diameter };
  return strokeSpans(shape, tip, tip);
}

test("a round stroke of even width owns its border, reckoned in whole numbers", () => {
  const random = seeded(2);
  for (let round = 0; round < 150; round++) {
    const diameter = random.whole(1, 10);
    const from = { x: random.quarter(0, 30), y: random.quarter(0, 30), diameter };
    // These directions have whole lengths: their strokes' sides pass through centres.
    const [dx, dy] = random.pick([
      [3, 4],
      [8, -6],
      [-12, 5],
      [-7, -24],
      [15, 8],
    ]);
    const isSlanted = random.whole(0, 1) === 0;
    const to = isSlanted
      ? { x: from.x + dx, y: from.y + dy, diameter }
      : { x: random.quarter(0, 30), y: random.quarter(0, 30), diameter };
    // In quarters of a pixel everything is whole, so nothing is rounded.
    const [ax, ay, bx, by] = [from.x, from.y, to.x, to.y].map((value) => value * 4);
    const square = (bx - ax) ** 2 + (by - ay) ** 2;
    const reach = (2 * diameter) ** 2;
    const expected = pixelsWhere(-32, 62, (x, y) => {
      const [px, py] = [4 * x - ax, 4 * y - ay];
      if (px ** 2 + py ** 2 <= reach) return true;
      if ((4 * x - bx) ** 2 + (4 * y - by) ** 2 <= reach) return true;
      const along = px * (bx - ax) + py * (by - ay);
      const across = px * (by - ay) - py * (bx - ax);
      return along > 0 && along < square && across ** 2 <= reach * square;
    });
    assert.deepEqual(pixelsOf(strokeSpans("round", from, to)), expected);
  }
});

test("a square stroke owns its left and top side only", () => {
  const random = seeded(3);
  for (let round = 0; round < 150; round++) {
    const diameter = random.whole(1, 6);
    const from = { x: random.quarter(0, 20), y: random.quarter(0, 20), diameter };
    // All steps are short enough that no place is missed where a border meets a centre.
    const to = {
      x: from.x + random.pick([-2, 0, 1, 4]),
      y: from.y + random.pick([-4, 0, 2]),
      diameter,
    };
    const expected = pixelsWhere(LOW, HIGH, (x, y) =>
      Array.from({ length: 65 }, (_, step) => step / 64).some((t) => {
        const left = from.x + t * (to.x - from.x) - diameter / 2;
        const top = from.y + t * (to.y - from.y) - diameter / 2;
        return x >= left && x < left + diameter && y >= top && y < top + diameter;
      }),
    );
    assert.deepEqual(
      pixelsOf(strokeSpans("square", from, to)),
      expected,
      JSON.stringify({ from, to }),
    );
  }
});

test("dabs of a few known sizes", () => {
  assert.deepEqual(brushSpans("round", 1, 5.5, 5.5), [[5, 5, 6]]);
  assert.deepEqual(brushSpans("round", 2, 5, 5), [
    [4, 4, 6],
    [5, 4, 6],
  ]);
  assert.deepEqual(brushSpans("round", 4, 5, 5), [
    [3, 4, 6],
    [4, 3, 7],
    [5, 3, 7],
    [6, 4, 6],
  ]);
  assert.deepEqual(brushSpans("square", 3, 5.5, 5.5), [
    [4, 4, 7],
    [5, 4, 7],
    [6, 4, 7],
  ]);
  assert.deepEqual(brushSpans("square", 1, 5.999, 5), [[4, 5, 6]]);
});

test("a square dab of a whole size has that many pixels wherever it is", () => {
  const random = seeded(4);
  for (let round = 0; round < 200; round++) {
    const size = random.whole(1, 9);
    const coordinate = random.pick([random.quarter, random.between]);
    const spans = brushSpans("square", size, coordinate(-5, 5), coordinate(-5, 5));
    assert.equal(spans.length, size);
    assert.ok(spans.every(([, x0, x1]) => x1 - x0 === size));
  }
});

test("thin strokes have no gaps however far apart the samples are", () => {
  const random = seeded(5);
  for (let round = 0; round < 200; round++) {
    const place = () => random.whole(-500, 500) + 0.5;
    const from = { x: place(), y: place(), diameter: 1 };
    const to = { x: place(), y: place(), diameter: 1 };
    for (const shape of ["round", "square"]) {
      const spans = strokeSpans(shape, from, to);
      const lines = Math.abs(to.y - from.y) + 1;
      assert.equal(spans.length, lines);
      spans.slice(1).forEach(([y, x0, x1], index) => {
        const [above, left, right] = spans[index];
        assert.equal(y, above + 1);
        assert.ok(x0 <= right && x1 >= left, `a gap between lines ${above} and ${y}`);
      });
    }
  }
});

test("a stroke forwards is the same stroke backwards", () => {
  const random = seeded(6);
  for (let round = 0; round < 300; round++) {
    const from = randomTip(random, random.quarter);
    const to = randomTip(random, random.quarter);
    for (const shape of ["round", "square"]) {
      assert.deepEqual(strokeSpans(shape, from, to), strokeSpans(shape, to, from));
    }
  }
});

test("a small tip inside a large one adds nothing", () => {
  const large = { x: 10, y: 10, diameter: 12 };
  const small = { x: 12, y: 11, diameter: 3 };
  for (const shape of ["round", "square"]) {
    assert.deepEqual(strokeSpans(shape, large, small), strokeSpans(shape, large, large));
  }
});

test("rectangles hold the pixels whose centres they hold", () => {
  const random = seeded(7);
  for (let round = 0; round < 300; round++) {
    const [xa, ya, xb, yb] = Array.from({ length: 4 }, () => random.quarter(-5, 20));
    const expected = pixelsWhere(
      LOW,
      HIGH,
      (x, y) =>
        x >= Math.min(xa, xb) &&
        x < Math.max(xa, xb) &&
        y >= Math.min(ya, yb) &&
        y < Math.max(ya, yb),
    );
    assert.deepEqual(pixelsOf(rectangleSpans(xa, ya, xb, yb)), expected);
  }
});

test("ellipses hold the pixels whose centres they hold, reckoned in whole numbers", () => {
  const random = seeded(8);
  for (let round = 0; round < 400; round++) {
    const [xa, ya, xb, yb] = Array.from({ length: 4 }, () => random.quarter(-5, 30));
    const [width, height] = [4 * (xb - xa), 4 * (yb - ya)];
    const expected = pixelsWhere(LOW, HIGH, (x, y) => {
      const dx = 8 * x - 4 * (xa + xb);
      const dy = 8 * y - 4 * (ya + yb);
      return (
        width * height !== 0 && (dx * height) ** 2 + (dy * width) ** 2 <= (width * height) ** 2
      );
    });
    assert.deepEqual(pixelsOf(ellipseSpans(xa, ya, xb, yb)), expected);
  }
});

test("a circle is a round dab", () => {
  assert.deepEqual(ellipseSpans(2, 3, 12, 13), brushSpans("round", 10, 7, 8));
});

/** Even-odd by counting the edges to the right of a point, in whole numbers. */
function isInPolygon(points, x, y) {
  let isInside = false;
  points.forEach((a, index) => {
    const b = points[(index + 1) % points.length];
    const [upper, lower] = a.y <= b.y ? [a, b] : [b, a];
    if (y < upper.y || y >= lower.y) return;
    const isRight = (x - upper.x) * (lower.y - upper.y) < (y - upper.y) * (lower.x - upper.x);
    if (isRight) isInside = !isInside;
  });
  return isInside;
}

test("polygons hold the pixels whose centres they hold, also where they cross themselves", () => {
  const random = seeded(9);
  for (let round = 0; round < 500; round++) {
    const coordinate = random.pick([random.quarter, random.whole]);
    const points = Array.from({ length: random.whole(0, 9) }, () => ({
      x: coordinate(-5, 30),
      y: coordinate(-5, 30),
    }));
    const expected = pixelsWhere(LOW, HIGH, (x, y) => isInPolygon(points, x, y));
    assert.deepEqual(pixelsOf(polygonSpans(points)), expected, JSON.stringify(points));
  }
});

test("polygons that share an edge share no pixel and miss none", () => {
  const random = seeded(10);
  for (let round = 0; round < 200; round++) {
    const corners = [
      { x: 0, y: 0 },
      { x: 30, y: 0 },
      { x: 30, y: 30 },
      { x: 0, y: 30 },
    ];
    const middle = { x: random.quarter(1, 29), y: random.quarter(1, 29) };
    const pixels = corners.flatMap((corner, index) =>
      pixelsOf(polygonSpans([corner, corners[(index + 1) % 4], middle])),
    );
    assert.deepEqual(pixels.sort(), pixelsOf(rectangleSpans(0, 0, 30, 30)));
  }
});

test("a centre on a slanted edge is decided without rounding", () => {
  // The edge from (0, 0) to (7, 21) passes through the centres (0.5, 1.5), (1.5, 4.5), ...
  for (const [rise, run] of [
    [21, 7],
    [33, 11],
    [39, 13],
    [57, 19],
  ]) {
    const edge = [
      { x: 0, y: 0 },
      { x: run, y: rise },
    ];
    const rightOf = polygonSpans([...edge, { x: 99, y: rise }, { x: 99, y: 0 }]);
    const leftOf = polygonSpans([...edge, { x: -9, y: rise }, { x: -9, y: 0 }]);
    for (let step = 0; step < run; step++) {
      const y = 3 * step + 1;
      assert.equal(rightOf.find((span) => span[0] === y)[1], step);
      assert.equal(leftOf.find((span) => span[0] === y)[2], step);
    }
  }
});
