import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveConnection, gatherTiles } from "#static/api/live.js";
import { decodeFrame, encodeFrame } from "#static/core/frame.js";
import { StudioDocument } from "#static/core/document.js";
import { LabelMap } from "#static/core/label_map.js";
import { seeded } from "../support.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A socket that a test opens, closes and speaks through. */
class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  sent = [];

  open() {
    this.readyState = 1;
    this.onopen();
  }

  send(bytes) {
    this.sent.push(decodeFrame(bytes));
  }

  drop(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }

  close() {
    this.drop(1000);
  }

  async say(message) {
    this.onmessage({ data: message });
    await turn();
  }

  async picture(serial) {
    const bytes = encodeFrame({ type: "picture", serial, mime: "image/webp" }, new Uint8Array([7]));
    await this.say(bytes.buffer);
  }
}

/** A server's view of the map, kept by the messages alone. */
function replay(messages) {
  let width = 0;
  let ids = new Uint8Array(0);
  for (const { header, payload } of messages) {
    if (header.type === "begin") [width, ids] = [header.width, payload.slice()];
    let at = 0;
    for (const [x, y, w, h] of header.tiles ?? []) {
      for (let line = y; line < y + h; line++, at += w) {
        ids.set(payload.subarray(at, at + w), line * width + x);
      }
    }
  }
  return ids;
}

function bench() {
  const document = new StudioDocument(LabelMap.filled(64, 48, 1));
  const tiles = document.trackTiles();
  const made = {
    document,
    sockets: [],
    frames: [],
    waits: [],
    states: [],
    problems: [],
    drawn: [],
    shown: [],
    look: { seed: 1 },
    now: 0,
    isWanted: true,
    nextFrame() {
      for (const callback of made.frames.splice(0)) callback();
    },
    stroke(x, y, classId) {
      const edit = document.begin("Brush");
      edit.paint([[y, x, x + 3]], classId);
      edit.commit();
    },
    get socket() {
      return made.sockets.at(-1);
    },
  };
  const live = new LiveConnection(
    {
      state: () => ({
        model: "scenery",
        width: document.width,
        height: document.height,
        ids: document.composite,
        look: made.look,
      }),
      takeTiles: () => tiles.take(),
    },
    {
      onState: (state) => made.states.push(state),
      onPicture: async (header) => {
        made.drawn.push(header.serial);
        return made.isWanted;
      },
      onShown: (picture) => made.shown.push(picture),
      onProblem: (words) => made.problems.push(words),
    },
    {
      openSocket: () => {
        made.sockets.push(new FakeSocket());
        return made.socket;
      },
      nextFrame: (callback) => made.frames.push(callback),
      later: (act, wait) => made.waits.push({ act, wait }),
      now: () => made.now,
    },
  );
  document.onChange(({ kind }) => (kind === "all" ? live.restart() : live.touch()));
  live.connect();
  return Object.assign(made, { live });
}

test("a connection begins with the whole map", () => {
  const { socket, states, document } = bench();
  socket.open();
  assert.deepEqual(states, ["live"]);
  const { header, payload } = socket.sent[0];
  const expected = { type: "begin", serial: 1, model: "scenery", width: 64, height: 48 };
  assert.deepEqual(header, { ...expected, look: { seed: 1 } });
  assert.deepEqual(payload, document.composite);
});

test("a change is sent at once when nothing was in this frame, and gathered when something was", async () => {
  const made = bench();
  made.socket.open();
  made.stroke(0, 0, 2);
  await turn();
  assert.equal(made.socket.sent.length, 1);
  made.nextFrame();
  assert.deepEqual(made.socket.sent[1].header.tiles, [[0, 0, 3, 1]]);
  made.nextFrame();
  made.stroke(10, 5, 3);
  made.stroke(10, 6, 3);
  await turn();
  assert.equal(made.socket.sent.length, 3);
  assert.deepEqual(made.socket.sent[2].header.tiles, [[10, 5, 3, 2]]);
  assert.deepEqual([...made.socket.sent[2].payload], [3, 3, 3, 3, 3, 3]);
});

test("a look goes along only when it is another one", async () => {
  const made = bench();
  made.socket.open();
  made.nextFrame();
  made.look = { seed: 2 };
  made.live.touch();
  await turn();
  assert.deepEqual(made.socket.sent[1].header.look, { seed: 2 });
  made.nextFrame();
  made.stroke(0, 0, 2);
  await turn();
  assert.equal("look" in made.socket.sent[2].header, false);
  made.nextFrame();
  made.live.touch();
  await turn();
  assert.equal(made.socket.sent.length, 3);
});

test("strokes of a lost connection arrive with the next one, whose waits grow", async () => {
  const made = bench();
  made.socket.open();
  made.nextFrame();
  made.socket.drop();
  made.stroke(5, 5, 4);
  await turn();
  const expected = [250, 500, 1000, 2000, 4000, 5000, 5000];
  for (const wait of expected) {
    assert.equal(made.waits.at(-1).wait, wait);
    made.waits.at(-1).act();
    if (wait !== 5000) made.socket.drop();
    else break;
  }
  made.socket.open();
  assert.deepEqual(made.states, ["live", "lost", "live"]);
  assert.equal(made.socket.sent[0].header.type, "begin");
  assert.deepEqual(made.socket.sent[0].payload, made.document.composite);
  made.socket.drop();
  assert.equal(made.waits.at(-1).wait, 250);
});

test("random strokes, frames, sizes and losses: the server always ends with the document", async () => {
  const random = seeded(5);
  const made = bench();
  made.socket.open();
  for (let step = 0; step < 400; step++) {
    const what = random.number();
    if (what < 0.6) made.stroke(random.whole(0, 60), random.whole(0, 47), random.whole(0, 9));
    else if (what < 0.7) made.document.undo();
    else if (what < 0.9) made.nextFrame();
    else if (what < 0.93) made.document.replace(LabelMap.filled(random.whole(4, 70), 48, 3));
    else if (what < 0.96) {
      made.socket.drop();
      made.waits.at(-1).act();
      made.socket.open();
    } else await turn();
  }
  await turn();
  made.nextFrame();
  made.nextFrame();
  assert.deepEqual(replay(made.socket.sent), made.document.composite);
});

test("a slow line gathers changes", async () => {
  const made = bench();
  made.socket.open();
  made.nextFrame();
  made.socket.bufferedAmount = 2 ** 20;
  made.stroke(0, 0, 2);
  await turn();
  made.nextFrame();
  made.stroke(0, 1, 2);
  await turn();
  assert.equal(made.socket.sent.length, 1);
  made.socket.bufferedAmount = 0;
  made.nextFrame();
  assert.deepEqual(made.socket.sent[1].header.tiles, [[0, 0, 3, 2]]);
});

test("every picture is acknowledged; one that is not newer is not drawn", async () => {
  const made = bench();
  made.socket.open();
  made.now = 40;
  await made.socket.picture(1);
  assert.deepEqual(
    made.shown.map(({ serial, roundTrip }) => [serial, roundTrip]),
    [[1, 40]],
  );
  await made.socket.picture(1);
  assert.deepEqual(made.drawn, [1]);
  const acknowledged = made.socket.sent.filter(({ header }) => header.type === "seen");
  assert.deepEqual(
    acknowledged.map(({ header }) => header.serial),
    [1, 1],
  );
  assert.equal(made.live.lastShown, 1);
});

test("a picture that the screen did not want does not count as shown", async () => {
  const made = bench();
  made.isWanted = false;
  made.socket.open();
  await made.socket.picture(1);
  assert.deepEqual(made.shown, []);
  assert.equal(made.live.lastShown, 0);
  assert.equal(made.socket.sent.at(-1).header.type, "seen");
});

test("problems are told in words; an ordinary end is not one", async () => {
  const made = bench();
  made.socket.open();
  await made.socket.say(JSON.stringify({ type: "problem", serial: 1, message: "no such model" }));
  made.socket.drop(1009, "too large");
  made.waits.at(-1).act();
  made.socket.drop(1001, "the studio stops");
  assert.deepEqual(made.problems, ["no such model", "too large"]);
});

test("a closed connection stays closed", () => {
  const made = bench();
  made.socket.open();
  made.live.close();
  assert.equal(made.waits.length, 0);
});

test("tiles are gathered line by line", () => {
  const ids = Uint8Array.from({ length: 12 }, (_, index) => index);
  assert.deepEqual(
    [
      ...gatherTiles(ids, 4, [
        [1, 0, 2, 2],
        [3, 2, 1, 1],
      ]),
    ],
    [1, 2, 5, 6, 11],
  );
});
