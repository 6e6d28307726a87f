// Reading boxes: the same however they arrive, and never an exception, whatever they are.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readInit } from "./init-segment.ts";
import type { InitTrack } from "./init-segment.ts";
import { makeBox } from "./testing/edit-boxes.fixture.ts";
import { makeSampleStream } from "./testing/sample-stream.fixture.ts";
import type { SampleFiles } from "./testing/sample-stream.fixture.ts";
import { SegmentScan } from "./segment-scan.ts";
import type { ScannedSegment } from "./segment-scan.ts";

describe("reading a segment", function () {
  this.timeout(60_000);
  let files: SampleFiles;
  let segment: Buffer;
  let track: InitTrack;
  before(async () => {
    files = await makeSampleStream();
    segment = fileOf("v144-0.m4s");
    const init = readInit(fileOf("v144-init.mp4"));
    assert.ok(typeof init !== "string");
    track = init.tracks[0]!;
  });
  const fileOf = (name: string): Buffer => files.get(name) ?? assert.fail(name);
  const scan = (bytes: Buffer, stepBytes = bytes.length): ScannedSegment => {
    const reading = new SegmentScan(track);
    for (let at = 0; at < bytes.length; at += stepBytes) reading.push(bytes.subarray(at, at + stepBytes));
    return reading.end();
  };

  it("gives what ffmpeg wrote, fragment by fragment", () => {
    const { bytes, container, fragments, problem } = scan(segment);
    assert.deepEqual([bytes, container, problem, fragments.length], [segment.length, "fmp4", null, 3]);
    assert.deepEqual(
      fragments.map(({ samples, syncTicks, firstPicture }) => [samples, syncTicks, firstPicture]),
      fragments.map(() => [48, [0], "idr"]),
    );
    const starts = fragments.map(({ decodeTicks, durationTicks }) => [decodeTicks, durationTicks]);
    const group = track.timeScale * 2;
    assert.deepEqual(
      starts,
      [0, 1, 2].map((index) => [index * group, group]),
    );
  });

  it("tells how long frames are shown where they are not decoded in their order", () => {
    // Decoded at 0, 1, 2 and 3; shown at 1, 4, 2 and 3.
    const offsets = [1, 3, 0, 0];
    const samples = offsets.flatMap((offset) => [1, 1, offset]);
    const words = (...values: number[]): Buffer => {
      const bytes = Buffer.alloc(values.length * 4);
      for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
      return bytes;
    };
    const boxes = [
      makeBox("tfhd", words(0x020000, 1)),
      makeBox("tfdt", words(0, 0)),
      makeBox("trun", words(0x000b00, offsets.length, ...samples)),
    ];
    const moof = makeBox("moof", makeBox("traf", Buffer.concat(boxes)));
    const { fragments, problem } = scan(Buffer.concat([moof, makeBox("mdat", Buffer.alloc(4))]));
    assert.equal(problem, null);
    assert.deepEqual([...(fragments[0]?.shownTicks ?? [])], [[1, 3]]);
  });

  it("gives the same in whatever pieces it comes", () => {
    const whole = scan(segment);
    for (const stepBytes of [1, 7, 4096, 65_537]) assert.deepEqual(scan(segment, stepBytes), whole);
  });

  it("gives the same when what is of no interest is left out, of whole segments and of cut ones", () => {
    for (const bytes of [segment, segment.subarray(0, -100), segment.subarray(0, segment.length >> 1)]) {
      const reading = new SegmentScan(track);
      let readBytes = 0;
      for (let at = 0; at < bytes.length;) {
        const skipped = Math.min(reading.skippableBytes, bytes.length - at);
        reading.skip(skipped);
        at += skipped;
        const read = bytes.subarray(at, at + 256);
        reading.push(read);
        at += read.length;
        readBytes += read.length;
      }
      assert.deepEqual(reading.end(), scan(bytes));
      assert.ok(readBytes < bytes.length);
    }
  });

  it("says of every cut that there is one", () => {
    const { fragments } = scan(segment);
    const ends = new Set([0, ...fragments.map(({ offset }) => offset), segment.length]);
    for (let length = 1; length < segment.length; length += length < 5_000 ? 1 : 997) {
      if (ends.has(length)) continue;
      assert.notEqual(scan(segment.subarray(0, length)).problem, null, `${length} bytes`);
    }
  });

  it("survives any byte being another one", () => {
    const head = segment.subarray(0, segment.indexOf("mdat") + 100);
    for (let at = 0; at < head.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const damaged = Buffer.from(head);
        damaged[at] = value;
        assert.ok(scan(damaged).bytes === head.length);
      }
    }
  });

  it("keeps no more of a box than it needs, however long it says to be", () => {
    const endless = makeBox("moof", Buffer.alloc(100));
    endless.writeUInt32BE(0x7fffffff, 0);
    assert.match(scan(endless).problem ?? "", /moof of 2147483647 bytes/);
  });
});

describe("reading an init segment", () => {
  const clip = readFileSync(join(import.meta.dirname, "../../test/media/hlg10-0.3s.mp4"));

  it("tells the codecs of HEVC and AAC as RFC 6381 has them", () => {
    const init = readInit(clip);
    assert.ok(typeof init !== "string");
    const codecs = init.tracks.map(({ entry }) => entry.codec);
    assert.deepEqual(codecs.toSorted(), ["hvc1.2.4.L153", "mp4a.40.2"]);
    assert.equal(init.tracks.find(({ entry }) => entry.picture !== null)?.entry.picture?.range, "HLG");
  });

  it("says of what is none that it is none", () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("no boxes at all"), makeBox("moov", Buffer.alloc(0))]) {
      assert.equal(typeof readInit(bytes), "string");
    }
  });

  it("survives any byte being another one, and any cut", () => {
    const at = clip.indexOf("moov") - 4;
    const moov = clip.subarray(at, at + clip.readUInt32BE(at));
    for (let index = 0; index < moov.length; index += 1) {
      const damaged = Buffer.from(moov);
      damaged[index] = 0xff;
      readInit(damaged);
      readInit(moov.subarray(0, index));
    }
    assert.notEqual(typeof readInit(moov), "string");
  });
});
