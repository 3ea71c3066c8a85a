/**
 * Messages of the studio, both ways: a 32-bit length, little-endian, that many bytes of JSON, and
 * the payload. The server's twin is sinopia.studio.frames.
 */

/** The longest header, in bytes. */
const HEADER_LIMIT = 1 << 20;

/**
 * @param {object} header
 * @param {...Uint8Array} parts the payload, in order
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeFrame(header, ...parts) {
  const json = new TextEncoder().encode(JSON.stringify(header));
  if (json.length > HEADER_LIMIT) {
    throw new RangeError(
      `a frame's header holds at most ${HEADER_LIMIT} bytes, not ${json.length}`,
    );
  }
  const length = parts.reduce((sum, part) => sum + part.length, 4 + json.length);
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  let end = 4 + json.length;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

/**
 * The payload is a view of the same memory, not a copy.
 *
 * @param {Uint8Array} bytes
 * @returns {{header: any, payload: Uint8Array}}
 */
export function decodeFrame(bytes) {
  if (bytes.length < 4) throw new RangeError(`a frame has at least 4 bytes, not ${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length > HEADER_LIMIT || 4 + length > bytes.length) {
    throw new RangeError(`a frame of ${bytes.length} bytes cannot have a header of ${length}`);
  }
  const json = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(4, 4 + length));
  const header = JSON.parse(json);
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new TypeError("a frame's header must be a JSON object");
  }
  return { header, payload: bytes.subarray(4 + length) };
}
