/** Classes as people see them: colours, names, and which were used lately. */

/** @import { ClassInfo, Rect, Rgb } from "./types.js" */

/** How much of a class's own colour stays while another one is highlighted. */
const DIMMED_SHARE = 0.22;
const DIMMED_GREY = 128;

/**
 * Writes the colours of a rectangle into the RGBA pixels of the whole picture. Ids without a
 * colour, such as unlabeled, become transparent.
 *
 * @param {Uint8ClampedArray} target width * height * 4, 4-byte aligned
 * @param {Uint8Array} composite
 * @param {number} width of the map
 * @param {Rect} rect inside the map
 * @param {readonly Rgb[]} colors by class id
 * @param {{highlight?: number | null}} [options] the class to be seen while the others fade
 */
export function paintRgba(target, composite, width, rect, colors, { highlight = null } = {}) {
  const table = colorTable(colors, highlight);
  const pixels = new Uint32Array(target.buffer, target.byteOffset, target.length >> 2);
  for (let y = rect.y0; y < rect.y1; y++) {
    const end = y * width + rect.x1;
    for (let at = y * width + rect.x0; at < end; at++) pixels[at] = table[composite[at]];
  }
}

/**
 * One 32-bit pixel an id, in this machine's byte order.
 *
 * @param {readonly Rgb[]} colors
 * @param {number | null} highlight
 */
function colorTable(colors, highlight) {
  const bytes = new Uint8ClampedArray(4 * 256);
  colors.slice(0, 256).forEach((color, id) => {
    const isDimmed = highlight !== null && id !== highlight;
    const shown = isDimmed ? color.map(dim) : color;
    bytes.set([...shown, 255], 4 * id);
  });
  return new Uint32Array(bytes.buffer);
}

/** @param {number} channel */
function dim(channel) {
  return DIMMED_SHARE * channel + (1 - DIMMED_SHARE) * DIMMED_GREY;
}

/**
 * The classes whose name holds every word of the text, best first: the name itself, names that
 * begin with the text, names with a word that does, the others. All classes when it is blank. A
 * number finds its class as well.
 *
 * @template {ClassInfo} T
 * @param {readonly T[]} classes
 * @param {string} text
 * @returns {T[]}
 */
export function searchClasses(classes, text) {
  const wanted = normalize(text);
  if (wanted === "") return [...classes];
  /** @type {T[][]} */
  const ranks = [[], [], [], []];
  for (const each of classes) {
    const name = normalize(each.name);
    if (name === wanted || String(each.id) === wanted) ranks[0].push(each);
    else if (name.startsWith(wanted)) ranks[1].push(each);
    else if (name.includes(` ${wanted}`)) ranks[2].push(each);
    else if (wanted.split(" ").every((word) => name.includes(word))) ranks[3].push(each);
  }
  return ranks.flat();
}

/**
 * Lower case, no accents, and single spaces where punctuation was: "sky-other" is found by "sky o".
 *
 * @param {string} text
 */
function normalize(text) {
  return text
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, " ")
    .trim();
}

/**
 * The list of classes used lately with `id` in front, each once.
 *
 * @param {readonly number[]} recent
 * @param {number} id
 * @param {number} [limit]
 */
export function recentClasses(recent, id, limit = 8) {
  return [id, ...recent.filter((each) => each !== id)].slice(0, limit);
}
