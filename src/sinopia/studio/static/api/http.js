/** The server's HTTP side. Every failure is a `Problem` whose message is a sentence for people. */

import { decodeFrame, encodeFrame } from "../core/frame.js";

/**
 * @import {
 *   Example, Look, MapData, Models, PictureOrder, Project, ProjectFile,
 * } from "./types.js"
 */

const FRAME = "application/x-sinopia-frame";

/** A failure in words. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {number} status the HTTP status, or 0 when no answer came
   */
  constructor(message, status) {
    super(message);
    this.name = "Problem";
    this.status = status;
  }
}

/** @param {unknown} error */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem("The server does not answer. Your work is safe here; try again soon.", 0);
  }
  if (response.ok) return response;
  throw new Problem(await wordsOf(response), response.status);
}

/** @param {Response} response */
async function wordsOf(response) {
  try {
    const answer = await response.json();
    if (typeof answer.problem === "string") return answer.problem;
  } catch {
    // Not JSON: a proxy answered; the status is all there is to say.
  }
  return `The server refused this with status ${response.status}.`;
}

/**
 * @param {string} path
 * @param {Uint8Array<ArrayBuffer>} frame
 * @param {AbortSignal} [signal]
 */
function post(path, frame, signal) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": FRAME },
    body: frame,
    ...(signal ? { signal } : {}),
  });
}

/**
 * @param {string} path
 * @param {Blob} file
 */
function send(path, file) {
  return ask(path, { method: "POST", body: file });
}

/** @param {Response} response */
async function frameOf(response) {
  return decodeFrame(new Uint8Array(await response.arrayBuffer()));
}

/** @returns {Promise<Models>} */
export async function fetchModels() {
  return (await ask("/api/models")).json();
}

/** @returns {Promise<readonly Example[]>} */
export async function fetchExamples() {
  return (await (await ask("/api/examples")).json()).examples;
}

/**
 * @param {string} id
 * @returns {Promise<MapData>}
 */
export async function fetchExample(id) {
  return mapOf(await frameOf(await ask(`/api/examples/${encodeURIComponent(id)}`)));
}

/** @param {string} id */
export function examplePreviewUrl(id) {
  return `/api/examples/${encodeURIComponent(id)}/preview`;
}

/**
 * The style code that a model draws from a seed.
 *
 * @param {string} model
 * @param {number} seed
 * @returns {Promise<string>}
 */
export async function styleOfSeed(model, seed) {
  const path = `/api/models/${encodeURIComponent(model)}/style-code?seed=${seed}`;
  return (await (await ask(path)).json()).style_code;
}

/**
 * The style of a photo, as the model's encoder reads it.
 *
 * @param {string} model
 * @param {Blob} photo
 * @returns {Promise<NonNullable<Look>>}
 */
export async function styleOfPhoto(model, photo) {
  const path = `/api/models/${encodeURIComponent(model)}/style-code`;
  return (await send(path, photo)).json();
}

/**
 * A picture file: a full-size PNG that carries its request, or a small WebP.
 *
 * @param {PictureOrder} order
 * @param {{ format: "png" | "webp", max_side?: number }} form
 * @param {AbortSignal} [signal]
 */
export async function paintPicture({ ids, ...order }, form, signal) {
  const { model, width, height, look } = order;
  const frame = encodeFrame({ model, width, height, look, ...form }, ids);
  return (await post("/api/pictures", frame, signal)).blob();
}

/**
 * The work that a picture of ours carries.
 *
 * @param {Blob} file
 * @returns {Promise<PictureOrder>}
 */
export async function readPicture(file) {
  const frame = await frameOf(await send("/api/pictures/read", file));
  const { model, look } = /** @type {{ model: string, look: Look }} */ (frame.header);
  return { ...mapOf(frame), model, look };
}

/**
 * @param {string} model
 * @param {Blob} file
 * @returns {Promise<MapData & { notes: readonly string[] }>}
 */
export async function readLabelMap(model, file) {
  const path = `/api/label-maps/read?model=${encodeURIComponent(model)}`;
  const frame = await frameOf(await send(path, file));
  const { notes } = /** @type {{ notes?: string[] }} */ (frame.header);
  return { ...mapOf(frame), notes: notes ?? [] };
}

/**
 * @param {string} model
 * @param {MapData} map
 * @param {"palette" | "ade20k"} format
 * @returns {Promise<{ file: Blob, notes: readonly string[] }>}
 */
export async function writeLabelMap(model, { width, height, ids }, format) {
  const frame = encodeFrame({ model, width, height, format }, ids);
  const response = await post("/api/label-maps/write", frame);
  const notes = JSON.parse(response.headers.get("X-Sinopia-Notes") ?? "[]");
  return { file: await response.blob(), notes };
}

/** @param {ProjectFile} file */
export async function writeProject({ project, ids, underlay }) {
  const parts = underlay ? [ids, underlay] : [ids];
  const header = { project, parts: parts.map((part) => part.length) };
  return (await post("/api/projects/write", encodeFrame(header, ...parts))).blob();
}

/**
 * @param {Blob} file
 * @returns {Promise<ProjectFile>}
 */
export async function readProject(file) {
  const { header, payload } = await frameOf(await send("/api/projects/read", file));
  const { project } = /** @type {{ project: Project }} */ (header);
  const length = project.width * project.height;
  const underlay = payload.length > length ? payload.slice(length) : null;
  return { project, ids: payload.slice(0, length), underlay };
}

/**
 * @param {{ header: object, payload: Uint8Array }} frame
 * @returns {MapData}
 */
function mapOf({ header, payload }) {
  const { width, height } = /** @type {{ width: number, height: number }} */ (header);
  return { width, height, ids: payload.slice(0, width * height) };
}
