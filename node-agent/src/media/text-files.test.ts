import assert from "node:assert/strict";
import { checkDensity, chunkBoundaries, textFiles } from "./text-files.ts";
import { madeTimeline } from "./timeline.fixture.ts";

const header = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n";
const plenty = 1_000_000;

function files(cues: Parameters<typeof textFiles>[0], boundaries: readonly number[], byteLimit = plenty): string[] {
  return [...textFiles(cues, boundaries, byteLimit)].map((file) => file.toString("utf8"));
}

describe("files of text", () => {
  it("are cut where the chunks are", () => {
    // 20 s: segments begin at 0, 6, 12 and 18 s.
    assert.deepEqual(chunkBoundaries(madeTimeline(480), [1, 2, 1]), [0, 6000, 18_000, 20_000]);
    assert.throws(() => chunkBoundaries(madeTimeline(480), [1, 2]), { code: "encode_mismatch" });
  });

  it("have a cue in each chunk that it touches, at its own times", () => {
    const cues = [
      { startMs: 0, endMs: 6000, text: "first" },
      { startMs: 5000, endMs: 18_001, text: "all" },
      { startMs: 6000, endMs: 7000, text: "second" },
      { startMs: 3_723_004, endMs: 3_723_999, text: "late" },
    ];
    const all = "00:00:05.000 --> 00:00:18.001\nall\n";
    assert.deepEqual(files(cues, [0, 6000, 18_000, 20_000, 4_000_000]), [
      `${header}\n00:00:00.000 --> 00:00:06.000\nfirst\n\n${all}`,
      `${header}\n${all}\n00:00:06.000 --> 00:00:07.000\nsecond\n`,
      `${header}\n${all}`,
      `${header}\n01:02:03.004 --> 01:02:03.999\nlate\n`,
    ]);
  });

  it("are there without cues too", () => {
    assert.deepEqual(files([], [0, 6000, 9000]), [header, header]);
  });

  it("are refused of a track that says more than anybody could read in a segment", () => {
    const dense = (count: number, endMs: (startMs: number) => number) =>
      Array.from({ length: count }, (_, index) => 7000 + index).map((startMs) => {
        return { startMs, endMs: endMs(startMs), text: "é".repeat(485) };
      });
    // Each has 1001 bytes with its times.
    checkDensity(
      dense(64, (startMs) => startMs + 100),
      madeTimeline(480),
    );
    assert.throws(
      () => {
        checkDensity(
          dense(67, (startMs) => startMs + 100),
          madeTimeline(480),
        );
      },
      { code: "media_limit", message: /bytes of cues from 6\.000 s to 12\.000 s; it may have 65536 there/ },
    );
    // What is shown for long stands in every segment.
    const lasting = [{ startMs: 0, endMs: 20_000, text: "x".repeat(60_000) }];
    checkDensity(lasting, madeTimeline(480));
    assert.throws(
      () => {
        checkDensity([...lasting, { startMs: 18_500, endMs: 19_000, text: "x".repeat(6_000) }], madeTimeline(480));
      },
      { code: "media_limit", message: /from 18\.000 s/ },
    );
  });

  it("are refused when cues are repeated in too many", () => {
    const cues = Array.from({ length: 100 }, (_, index) => ({ startMs: index, endMs: 100_000, text: "x".repeat(100) }));
    const boundaries = Array.from({ length: 100 }, (_, chunk) => chunk * 1000);
    assert.throws(() => files(cues, boundaries), { code: "media_limit" });
  });
});
