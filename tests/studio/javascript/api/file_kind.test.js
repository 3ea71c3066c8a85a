import assert from "node:assert/strict";
import { test } from "node:test";

import { fileKind } from "#static/api/file_kind.js";

const latin = (text) => [...text].map((letter) => letter.charCodeAt(0));

function chunk(name, content) {
  const { length } = content;
  return [0, 0, length >> 8, length & 255, ...latin(name), ...content, 0, 0, 0, 0];
}

function png(colorType, ...chunks) {
  const header = chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, colorType, 0, 0, 0]);
  return new Uint8Array([0x89, ...latin("PNG\r\n\x1a\n"), ...header, ...chunks.flat()]);
}

test("a PNG is labels by palette or grey, else an image", () => {
  assert.equal(fileKind(png(0)), "labels");
  assert.equal(fileKind(png(3)), "labels");
  assert.equal(fileKind(png(2)), "image");
  assert.equal(fileKind(png(6)), "image");
});

test("a request of ours makes a picture, wherever its chunk stands", () => {
  const request = latin("sinopia-request\0{}");
  for (const name of ["tEXt", "zTXt", "iTXt"]) {
    assert.equal(fileKind(png(2, chunk("gAMA", [0]), chunk(name, request))), "picture");
  }
  assert.equal(fileKind(png(2, chunk("tEXt", latin("sinopia-requests\0{}")))), "image");
  assert.equal(fileKind(png(2, chunk("IDAT", request))), "image");
});

test("other files by their first bytes", () => {
  assert.equal(fileKind(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), "image");
  assert.equal(fileKind(new Uint8Array(latin("RIFF0000WEBPVP8 "))), "image");
  assert.equal(fileKind(new Uint8Array(latin("RIFF0000WAVEfmt "))), "unknown");
  assert.equal(fileKind(new Uint8Array([0x50, 0x4b, 3, 4])), "project");
  assert.equal(fileKind(new Uint8Array(latin("hello"))), "unknown");
  assert.equal(fileKind(new Uint8Array()), "unknown");
});

test("a cut or lying PNG does not make it loop or fail", () => {
  const whole = png(2, chunk("tEXt", latin("sinopia-request\0{}")));
  for (let length = 0; length < whole.length; length++) fileKind(whole.subarray(0, length));
  assert.equal(
    fileKind(new Uint8Array([...png(2), 0xff, 0xff, 0xff, 0xff, ...latin("tEXt"), 0])),
    "image",
  );
});

test("the bytes may lie inside a larger buffer", () => {
  const inner = png(3);
  const outer = new Uint8Array(inner.length + 20);
  outer.set(inner, 13);
  assert.equal(fileKind(outer.subarray(13, 13 + inner.length)), "labels");
});
