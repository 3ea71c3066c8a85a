/**
 * The live connection: sends what changed of the map, receives pictures, and comes back by itself.
 *
 * The document is the truth and is never emptied into the connection: what could not be sent stays
 * in the document, and a reconnection begins with the whole of it. So no stroke can be lost here.
 *
 * There is no DOM in this file; the socket, the clock and the animation frames come from outside.
 */

import { decodeFrame, encodeFrame } from "../core/frame.js";

/**
 * @import { ConnectionState, Look, PictureHeader } from "./types.js"
 * @import { Tile } from "../core/types.js"
 */

/**
 * @typedef {Object} LiveState
 * @property {string} model
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} ids
 * @property {Look} look
 *
 * @typedef {Object} LiveSource
 * @property {() => LiveState} state what the picture is to show now
 * @property {() => readonly Tile[]} takeTiles what of the ids changed since it was last asked
 *
 * @typedef {Object} Surroundings
 * @property {() => WebSocket} openSocket
 * @property {(callback: () => void) => void} nextFrame calls back once, at the next animation frame
 * @property {(callback: () => void, milliseconds: number) => void} later
 * @property {() => number} now milliseconds
 *
 * @typedef {Object} ShownPicture
 * @property {number} serial
 * @property {number} roundTrip milliseconds from sending the state to drawing its picture
 * @property {PictureHeader} header
 *
 * @typedef {Object} LiveListeners
 * @property {(state: ConnectionState) => void} onState
 * @property {(header: PictureHeader, file: Uint8Array) => Promise<boolean>} onPicture draws it;
 *   false when it was not wanted any more
 * @property {(picture: ShownPicture) => void} onShown
 * @property {(message: string) => void} onProblem
 */

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
/** Closed for policy, or because a message was too large; other ends are told by the state. */
const REFUSALS = [1008, 1009];
const REFUSED = "The server closed the live connection.";
/** More bytes than this waiting in the socket: the line is slow, so changes are gathered first. */
const MOST_UNSENT = 512 * 1024;

export class LiveConnection {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ConnectionState} */
  #state = "connecting";
  #wait = FIRST_WAIT;
  #closed = false;
  #mustBegin = true;
  #isDirty = false;
  #isQueued = false;
  #sentThisFrame = false;
  /** @type {string} */
  #sentLook = "";
  /** @type {Map<number, number>} when each state that no picture has shown yet was sent */
  #sentAt = new Map();

  /**
   * @param {LiveSource} source
   * @param {LiveListeners} listeners
   * @param {Surroundings} surroundings
   */
  constructor(source, listeners, surroundings) {
    this.source = source;
    this.listeners = listeners;
    this.surroundings = surroundings;
    /** The number of the newest state sent. */
    this.lastSent = 0;
    /** The number of the newest state that is on the screen as a picture. */
    this.lastShown = 0;
  }

  get state() {
    return this.#state;
  }

  connect() {
    if (this.#closed) return;
    const socket = this.surroundings.openSocket();
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.#mustBegin = true;
      this.#isDirty = true;
      this.#setState("live");
      this.#flush();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) void this.#receive(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      this.#sentAt.clear();
      if (this.#closed) return;
      if (REFUSALS.includes(code)) this.listeners.onProblem(reason || REFUSED);
      this.#setState("lost");
      this.surroundings.later(() => this.connect(), this.#wait);
      this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
    };
  }

  close() {
    this.#closed = true;
    this.#socket?.close();
  }

  /** Something of the map or the look changed: it is sent at once, or with the next frame. */
  touch() {
    this.#isDirty = true;
    if (this.#isQueued || this.#sentThisFrame) return;
    // The samples of one pointer event arrive together: wait for the last of them, no longer.
    this.#isQueued = true;
    queueMicrotask(() => {
      this.#isQueued = false;
      this.#flush();
    });
  }

  /** Another map or model: the whole state is sent. */
  restart() {
    this.#mustBegin = true;
    this.touch();
  }

  #flush() {
    const socket = this.#socket;
    if (!this.#isDirty || this.#sentThisFrame || socket?.readyState !== 1) return;
    this.#sentThisFrame = true;
    this.surroundings.nextFrame(() => {
      this.#sentThisFrame = false;
      this.#flush();
    });
    if (socket.bufferedAmount > MOST_UNSENT) return;
    this.#isDirty = false;
    const frame = this.#nextFrame();
    if (frame === null) return;
    this.#sentAt.set(this.lastSent, this.surroundings.now());
    socket.send(frame);
  }

  /** @returns {Uint8Array<ArrayBuffer> | null} null when nothing changed */
  #nextFrame() {
    const state = this.source.state();
    const tiles = this.source.takeTiles();
    const look = JSON.stringify(state.look);
    const hasNewLook = look !== this.#sentLook;
    if (!this.#mustBegin && tiles.length === 0 && !hasNewLook) return null;
    const serial = ++this.lastSent;
    this.#sentLook = look;
    if (this.#mustBegin) {
      this.#mustBegin = false;
      const { model, width, height } = state;
      return encodeFrame(
        { type: "begin", serial, model, width, height, look: state.look },
        state.ids,
      );
    }
    const header = { type: "change", serial, tiles, ...(hasNewLook ? { look: state.look } : {}) };
    return encodeFrame(header, gatherTiles(state.ids, state.width, tiles));
  }

  /** @param {ArrayBuffer | string} data */
  async #receive(data) {
    if (typeof data === "string") {
      const { message } = JSON.parse(data);
      this.listeners.onProblem(String(message));
      return;
    }
    const frame = decodeFrame(new Uint8Array(data));
    const header = /** @type {PictureHeader} */ (frame.header);
    if (header.type !== "picture") return;
    const socket = this.#socket;
    try {
      if (header.serial > this.lastShown) await this.#show(header, frame.payload);
    } finally {
      if (socket?.readyState === 1) {
        socket.send(encodeFrame({ type: "seen", serial: header.serial }));
      }
    }
  }

  /**
   * @param {PictureHeader} header
   * @param {Uint8Array} file
   */
  async #show(header, file) {
    const { serial } = header;
    if (!(await this.listeners.onPicture(header, file))) return;
    this.lastShown = Math.max(this.lastShown, serial);
    const sentAt = this.#sentAt.get(serial);
    for (const older of this.#sentAt.keys()) if (older <= serial) this.#sentAt.delete(older);
    if (sentAt === undefined) return;
    this.listeners.onShown({ serial, roundTrip: this.surroundings.now() - sentAt, header });
  }

  /** @param {ConnectionState} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.listeners.onState(state);
  }
}

/**
 * The ids of some rectangles, one after another, line by line.
 *
 * @param {Uint8Array} ids
 * @param {number} width of the whole map
 * @param {readonly Tile[]} tiles
 */
export function gatherTiles(ids, width, tiles) {
  const length = tiles.reduce((sum, [, , w, h]) => sum + w * h, 0);
  const gathered = new Uint8Array(length);
  let at = 0;
  for (const [x, y, w, h] of tiles) {
    for (let line = y; line < y + h; line++, at += w) {
      gathered.set(ids.subarray(line * width + x, line * width + x + w), at);
    }
  }
  return gathered;
}
