/** What a dropped or opened file is, told from its first bytes, never from its name. */

/**
 * "picture": a PNG that carries a request of ours; "labels": a PNG of numbers, by palette or grey;
 * "image": any other PNG, JPEG or WebP; "project": a ZIP.
 *
 * @typedef {"picture" | "labels" | "image" | "project" | "unknown"} FileKind
 */

const REQUEST_KEY = "sinopia-request";
const GREY = 0;
const PALETTE = 3;

/**
 * @param {Uint8Array} bytes the whole file
 * @returns {FileKind}
 */
export function fileKind(bytes) {
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04])) return "project";
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return "image";
  if (latin(bytes, 0, 4) === "RIFF" && latin(bytes, 8, 4) === "WEBP") return "image";
  if (!startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "unknown";
  return pngKind(bytes);
}

/**
 * @param {Uint8Array} bytes
 * @returns {FileKind}
 */
function pngKind(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** @type {FileKind} */
  let kind = "image";
  // A chunk is its length, four letters, so many bytes, and a checksum of four.
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const name = latin(bytes, at + 4, 4);
    const content = at + 8;
    if (name === "IHDR" && length >= 13) {
      const colorType = bytes[content + 9];
      kind = colorType === GREY || colorType === PALETTE ? "labels" : "image";
    }
    const isText = name === "tEXt" || name === "zTXt" || name === "iTXt";
    if (isText && latin(bytes, content, REQUEST_KEY.length + 1) === `${REQUEST_KEY}\0`) {
      return "picture";
    }
    at = content + length + 4;
  }
  return kind;
}

/**
 * @param {Uint8Array} bytes
 * @param {readonly number[]} head
 */
function startsWith(bytes, head) {
  return bytes.length >= head.length && head.every((byte, index) => bytes[index] === byte);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} length
 */
function latin(bytes, from, length) {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}
