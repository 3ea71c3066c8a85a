/** Style codes: little-endian float32 numbers, in base64 where they travel as text. */

/**
 * @param {string} base64
 * @returns {Float32Array}
 */
export function decodeStyleCode(base64) {
  const text = atob(base64);
  if (text.length % 4 !== 0) {
    throw new RangeError(`a style code is float32 numbers, ${text.length} bytes are not`);
  }
  const view = new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
  return Float32Array.from({ length: text.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** @param {Float32Array} code */
export function encodeStyleCode(code) {
  const view = new DataView(new ArrayBuffer(4 * code.length));
  code.forEach((number, index) => view.setFloat32(4 * index, number, true));
  return btoa(String.fromCharCode(...new Uint8Array(view.buffer)));
}

/**
 * Between two codes, along the arc from one to the other: the middle of two typical codes is as
 * long as they are, while the straight middle would be shorter and look washed out.
 *
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} share 0 gives a, 1 gives b
 */
export function mixStyleCodes(a, b, share) {
  if (a.length !== b.length) {
    throw new RangeError(`style codes of ${a.length} and ${b.length} numbers cannot be mixed`);
  }
  if (share === 0) return a.slice();
  if (share === 1) return b.slice();
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  const sine = Math.sin(angle);
  // No arc is given by codes that point the same way or opposite ways, or by a zero code.
  const isArc = sine > 1e-6;
  const ofA = isArc ? Math.sin((1 - share) * angle) / sine : 1 - share;
  const ofB = isArc ? Math.sin(share * angle) / sine : share;
  return a.map((number, index) => ofA * number + ofB * b[index]);
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function dot(a, b) {
  return a.reduce((sum, number, index) => sum + number * b[index], 0);
}
