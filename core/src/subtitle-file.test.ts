import assert from "node:assert/strict";
import { readSubtitleFile } from "./subtitle-file.ts";

const subRip = "1\n00:00:01,250 --> 00:00:03,000\nHello\n\n2\n01:02:03,004 --> 01:02:04,5\nGr\u00fc\u00dfe\nund mehr\n";
const inSubRip = [
  { startSeconds: 1.25, endSeconds: 3, text: "Hello" },
  { startSeconds: 3723.004, endSeconds: 3724.5, text: "Grüße\nund mehr" },
];

function read(text: string, encoding: BufferEncoding = "utf8") {
  return readSubtitleFile(Buffer.from(text, encoding));
}

describe("a file of subtitles", () => {
  it("is SubRip in any encoding, with any ends of lines", () => {
    assert.deepEqual(read(subRip), inSubRip);
    assert.deepEqual(read(subRip, "latin1"), inSubRip);
    assert.deepEqual(read(`\ufeff${subRip}`, "utf16le"), inSubRip);
    assert.deepEqual(read(`\ufeff${subRip.replaceAll("\n", "\r\n")}`), inSubRip);
    assert.deepEqual(read(subRip.replaceAll("\n", "\r")), inSubRip);
  });

  it("is SubRip without numbers, without blank lines, or with more of them", () => {
    const bare = "00:00:01,0 --> 00:00:02,0\none\n00:00:03.000 --> 00:00:04.000  X1:10 X2:20\n42\n\n\n7\n";
    assert.deepEqual(
      read(bare).map(({ text }) => text),
      ["one", "42\n7"],
    );
    const numbered =
      "1\n00:00:01,0 --> 00:00:02,0\na\n\nb\n2\n00:00:03,0 --> 00:00:04,0\n\n3\n00:00:05,0 --> 00:00:06,0\nc";
    assert.deepEqual(
      read(numbered).map(({ text }) => text),
      ["a\nb", "", "c"],
    );
  });

  it("is WebVTT with names, settings, notes and styles", () => {
    const text = [
      "WEBVTT - a title\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n",
      "STYLE\n::cue { color: red }\n",
      "NOTE\nnobody reads this\n",
      "first\n00:01.500 --> 00:02.750 line:0 align:start\n<v Ann>Hello</v>\n&amp; more\n",
      "12:00:00.000 --> 12:00:01.000\nlate",
    ].join("\n");
    assert.deepEqual(read(text), [
      { startSeconds: 1.5, endSeconds: 2.75, text: "<v Ann>Hello</v>\n&amp; more" },
      { startSeconds: 43_200, endSeconds: 43_201, text: "late" },
    ]);
  });

  it("that is neither has no cues", () => {
    for (const text of ["", "WEBVTT\n", "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,ass", "{0}{25}microdvd"]) {
      assert.deepEqual(read(text), []);
    }
    assert.deepEqual(readSubtitleFile(Buffer.alloc(1000, 0xff)), []);
  });
});
