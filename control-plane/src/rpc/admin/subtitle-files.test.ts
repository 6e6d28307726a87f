import assert from "node:assert/strict";
import { subtitleFilesFrom } from "./subtitle-files.ts";

const cue = "1\n00:00:01,000 --> 00:00:02,000\nGr\u00fc\u00dfe\n";

function given(changes: { name?: string; language?: string; content?: Buffer } = {}) {
  return subtitleFilesFrom([{ name: "film.de.srt", language: "de", content: Buffer.from(cue), ...changes }]);
}

function isRefused(act: () => unknown, message: RegExp): void {
  assert.throws(act, { code: "invalid_argument", message });
}

describe("files of subtitles beside a source", () => {
  it("are kept to the byte, whatever their encoding", () => {
    const content = Buffer.from(cue, "latin1");
    const [kept] = given({ content, language: "pt-BR" });
    assert.deepEqual([kept?.name, kept?.language], ["film.de.srt", "pt-BR"]);
    assert.deepEqual(Buffer.from(kept?.content ?? "", "base64"), content);
  });

  it("are refused by name when they are none", () => {
    for (const content of ["", "WEBVTT\n", "a letter\n", "\u0000".repeat(500)]) {
      isRefused(() => given({ content: Buffer.from(content) }), /film\.de\.srt/);
    }
    isRefused(() => given({ name: "film.ass" }), /film\.ass: is neither \.srt nor \.vtt/);
    isRefused(() => given({ content: Buffer.from(cue.padEnd(1024 * 1024 + 1)) }), /film\.de\.srt: is larger/);
    isRefused(() => given({ language: "not a tag" }), /language of film\.de\.srt/);
    isRefused(() => given({ name: "" }), /name of a subtitle file/);
  });

  it("are refused when there are too many", () => {
    const one = { name: "a.srt", language: "", content: Buffer.from(cue) };
    assert.equal(subtitleFilesFrom(Array<typeof one>(16).fill(one)).length, 16);
    isRefused(() => subtitleFilesFrom(Array<typeof one>(17).fill(one)), /subtitle files/);
  });
});
