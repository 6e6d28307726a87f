import assert from "node:assert/strict";
import { joinText, sliceText } from "./cut-text.ts";
import { sampleText } from "./sample-manifest.fixture.ts";

const map = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000";

describe("cutting text", () => {
  it("keeps what is shown in the time, whole, and nothing else", () => {
    const text = sliceText(sampleText(0, 1), { startSeconds: 6, endSeconds: 9 });
    assert.equal(
      text,
      `WEBVTT\n${map}\n\n00:05.000 --> 00:07.000\nover 5\n\n00:08.000 --> 00:09.000 line:0\n<i>track 0</i> & chunk 1\n`,
    );
  });

  it("leaves out what ends where the time begins, and what begins where it ends", () => {
    const file = "WEBVTT\n\n00:01.000 --> 00:02.000\na\n\n00:02.000 --> 00:03.000\nb\n\n00:03.000 --> 00:04.000\nc\n";
    const text = sliceText(file, { startSeconds: 2, endSeconds: 3 });
    assert.doesNotMatch(text, /^[ac]$/m);
    assert.match(text, /^b$/m);
  });

  it("says that nothing is said when there is no file", () => {
    assert.equal(sliceText(null, { startSeconds: 0, endSeconds: 6 }), `WEBVTT\n${map}\n`);
  });

  it("reads hours, names of cues, other line ends and a mark at the start, and keeps styles", () => {
    const file =
      "\uFEFFWEBVTT - x\r\n\r\nSTYLE\r\n::cue { color: lime }\r\n\r\nNOTE --> hidden\r\n\r\n\r\nfirst\r\n01:00:01.500 --> 01:00:02.500 align:left\r\none\r\ntwo\r\n";
    const text = sliceText(file, { startSeconds: 3600, endSeconds: 3602 });
    assert.equal(
      text,
      `WEBVTT\n${map}\n\nSTYLE\n::cue { color: lime }\n\nfirst\n01:00:01.500 --> 01:00:02.500 align:left\none\ntwo\n`,
    );
    assert.doesNotMatch(sliceText(file, { startSeconds: 0, endSeconds: 2 }), /one/);
  });
});

describe("joining text", () => {
  it("takes a cue that stands in two files once, without the map of times", () => {
    const text = joinText([0, 1, 2].map((chunk) => sampleText(0, chunk)));
    assert.equal(text.match(/over 5/g)?.length, 1);
    assert.equal(text.match(/-->/g)?.length, 6);
    assert.ok(text.startsWith("WEBVTT\n\n00:02.000 -->"));
    assert.doesNotMatch(text, /X-TIMESTAMP-MAP/);
  });

  it("puts styles before the first cue", () => {
    const files = [
      "WEBVTT\n\n00:01.000 --> 00:02.000\na\n",
      "WEBVTT\n\nSTYLE\n::cue {}\n\n00:03.000 --> 00:04.000\nb\n",
    ];
    assert.equal(
      joinText(files),
      "WEBVTT\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000\na\n\n00:03.000 --> 00:04.000\nb\n",
    );
  });
});
