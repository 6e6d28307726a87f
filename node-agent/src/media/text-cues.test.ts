import assert from "node:assert/strict";
import { cueByteLimit, cueLimit, cuesOf } from "./text-cues.ts";
import { textPackets } from "./text-packets.ts";
import type { TextPacket } from "./text-packets.ts";

const clock = { firstSeconds: 10, durationSeconds: 20 };

function packet(startSeconds: number, endSeconds: number | null, text: string): TextPacket {
  return { startSeconds, endSeconds, bytes: Buffer.from(text) };
}

describe("cues", () => {
  it("stand on the video's clock, inside the video, in order", () => {
    const packets = [
      packet(15, 16.0004, "second"),
      packet(9, 11.5, "before the first picture"),
      packet(29, 40, "after the last"),
      packet(30, 31, "too late"),
      packet(8, 9, "too early"),
      packet(13, 12, "backwards"),
    ];
    assert.deepEqual(cuesOf(packets, "tagged", clock), [
      { startMs: 0, endMs: 1500, text: "before the first picture" },
      { startMs: 5000, endMs: 6000, text: "second" },
      { startMs: 19_000, endMs: 20_000, text: "after the last" },
    ]);
  });

  it("of unknown end stay until the next, or a while", () => {
    const ends = cuesOf([packet(11, null, "a"), packet(12, null, "b")], "tagged", clock).map((cue) => cue.endMs);
    assert.deepEqual(ends, [2000, 7000]);
  });

  it("with the same text that touch are one", () => {
    const packets = [packet(11, 12, "sign"), packet(11, 12, "sign"), packet(12, 13, "sign"), packet(14, 15, "sign")];
    const times = cuesOf(packets, "tagged", clock).map(({ startMs, endMs }) => [startMs, endMs]);
    assert.deepEqual(times, [
      [1000, 3000],
      [4000, 5000],
    ]);
  });

  it("without anything to read, or with too much, are left out", () => {
    const packets = [packet(11, 12, " "), packet(11, 12, "x".repeat(cueByteLimit + 1)), packet(11, 12, "kept")];
    assert.deepEqual(
      cuesOf(packets, "tagged", clock).map((cue) => cue.text),
      ["kept"],
    );
  });

  it("are refused when there are too many", () => {
    const packets = Array.from({ length: cueLimit + 1 }, (_, index) => packet(11, 12, String(index)));
    assert.throws(() => cuesOf(packets, "tagged", clock), { code: "media_limit" });
  });
});

describe("packets of text", () => {
  const times =
    "#tb 0: 1/1000\n#codec_id 0: subrip\n0, -5, 1250, 1000, 3, 0x1\n0, -4, NOPTS, 10, 1, 0x1\n0, -3, -40, 4294967295, 2, 0x1\n";

  it("are cut by what is said of them", () => {
    assert.deepEqual(textPackets(times, Buffer.from("abcxde")), [packet(1.25, 2.25, "abc"), packet(-0.04, null, "de")]);
  });

  it("are refused when there are more bytes than said, or fewer", () => {
    for (const bytes of ["abcxd", "abcxdef"]) {
      assert.throws(() => textPackets(times, Buffer.from(bytes)), { code: "encode_mismatch" });
    }
  });
});
