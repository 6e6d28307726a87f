import assert from "node:assert/strict";
import { escapeText } from "./escape-text.ts";

describe("text from outside", () => {
  it("cannot steer a terminal", () => {
    assert.equal(escapeText("\u001b[31mred\u001b[0m"), "\\x1b[31mred\\x1b[0m");
    assert.equal(escapeText("a\rb\u0007\u009bc"), "a\\x0db\\x07\\x9bc");
  });

  it("stays on its line and in its direction", () => {
    assert.equal(escapeText("one\ntwo\tthree\u2028four"), "one\\ntwo\\tthree\\u{2028}four");
    assert.equal(escapeText("gp4.\u202emp4"), "gp4.\\u{202e}mp4");
  });

  it("keeps letters of every script", () => {
    assert.equal(escapeText("Größe 東京 🎬"), "Größe 東京 🎬");
  });
});
