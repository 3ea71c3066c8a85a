/** Which pixels the bucket fills. */

/**
 * @import { LabelMap } from "./label_map.js"
 * @import { Span } from "./types.js"
 */

/**
 * The pixels of one class that are joined to the pixel at (x, y) by their sides; corners do not
 * join. Nothing when the point lies outside the map. Every pixel is looked at a few times at most.
 *
 * @param {LabelMap} map
 * @param {number} x
 * @param {number} y
 * @returns {Span[]}
 */
export function floodFillSpans(map, x, y) {
  const { width, height, ids } = map;
  const classId = map.get(x, y);
  /** @type {Span[]} */
  const spans = [];
  if (classId === null) return spans;
  const isFound = new Uint8Array(ids.length);
  const seeds = [Math.floor(y) * width + Math.floor(x)];
  for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
    if (isFound[seed]) continue;
    const line = Math.floor(seed / width);
    const lineStart = line * width;
    const lineEnd = lineStart + width;
    let start = seed;
    let end = seed + 1;
    while (start > lineStart && ids[start - 1] === classId) start--;
    while (end < lineEnd && ids[end] === classId) end++;
    isFound.fill(1, start, end);
    spans.push([line, start - lineStart, end - lineStart]);
    if (line > 0) pushRuns(start - width, end - width);
    if (line + 1 < height) pushRuns(start + width, end + width);
  }
  return spans;

  /**
   * One seed for every run of the class that is not yet found.
   *
   * @param {number} start
   * @param {number} end
   */
  function pushRuns(start, end) {
    let isInRun = false;
    for (let index = start; index < end; index++) {
      const belongs = ids[index] === classId && !isFound[index];
      if (belongs && !isInRun) seeds.push(index);
      isInRun = belongs;
    }
  }
}

/**
 * All pixels of a class.
 *
 * @param {LabelMap} map
 * @param {number} classId
 * @returns {Span[]}
 */
export function replaceSpans(map, classId) {
  const { width, height, ids } = map;
  /** @type {Span[]} */
  const spans = [];
  for (let y = 0; y < height; y++) {
    const line = y * width;
    let x = 0;
    while (x < width) {
      if (ids[line + x] !== classId) {
        x++;
        continue;
      }
      const start = x;
      while (x < width && ids[line + x] === classId) x++;
      spans.push([y, start, x]);
    }
  }
  return spans;
}
