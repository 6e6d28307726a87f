import assert from "node:assert/strict";
import { boxesIn, parseMoof, parseMoov } from "./fmp4-boxes.ts";
import { codecsOf, initSegment, mediaFragment } from "./fmp4-writer.ts";

const avcC = Buffer.from("00000011617663430164001fffe1000067", "hex");
const avc1 = Buffer.alloc(86);
avc1.write("avc1", 4, "latin1");
avc1.writeUInt16BE(640, 32);
avc1.writeUInt16BE(360, 34);
avc1.write("some tool", 50, "latin1");
const btrt = Buffer.from("0000000c62747274deadbeef", "hex");

function sampleEntry(children: readonly Buffer[]): Buffer {
  const entry = Buffer.concat([avc1, ...children]);
  entry.writeUInt32BE(entry.length);
  return entry;
}

const header = { timeScale: 12_288, sampleEntry: sampleEntry([avcC, btrt]) };
const samples = [
  { sizeBytes: 3, durationTicks: 100, compositionOffset: 0, isKey: true },
  { sizeBytes: 2, durationTicks: 412, compositionOffset: 512, isKey: false },
];

function fragment(): Buffer {
  const decodeTime = 2 ** 40;
  return Buffer.concat(mediaFragment({ sequence: 7, decodeTime, samples, payload: Buffer.from("abcde") }));
}

describe("fragments", () => {
  it("are read as they were written", () => {
    const [moof, mdat] = boxesIn(fragment());
    assert.deepEqual(
      [moof?.type, mdat?.type, fragment().toString("latin1", mdat?.body, mdat?.end)],
      ["moof", "mdat", "abcde"],
    );
    assert.deepEqual(parseMoof(fragment().subarray(0, moof?.end)), [
      { sizeBytes: 3, decodeTime: 2 ** 40, compositionOffset: 0, isKey: true },
      { sizeBytes: 2, decodeTime: 2 ** 40 + 100, compositionOffset: 512, isKey: false },
    ]);
  });

  it("point at their bytes from the moof's start", () => {
    const bytes = fragment();
    const at = bytes.indexOf("trun") + 12;
    assert.equal(bytes.toString("latin1", bytes.readUInt32BE(at), bytes.readUInt32BE(at) + 5), "abcde");
  });

  it("are refused when a length does not fit, wherever it stands", () => {
    const moof = fragment().subarray(0, boxesIn(fragment())[0]?.end);
    for (let at = 0; at < moof.length; at += 1) {
      const bad = Buffer.from(moof);
      bad.writeUInt8(0xff, at);
      try {
        parseMoof(bad);
      } catch (thrown) {
        assert.equal((thrown as { code?: string }).code, "encode_mismatch", `byte ${at}: ${String(thrown)}`);
      }
      assert.throws(() => parseMoof(moof.subarray(0, at)), { code: "encode_mismatch" }, `cut at ${at}`);
    }
  });
});

describe("init segments", () => {
  it("name the time scale, the size and the codec, and no edit list", () => {
    const init = initSegment(header);
    const moov = boxesIn(init).find((box) => box.type === "moov");
    const parsed = parseMoov(init.subarray(moov?.start, moov?.end));
    assert.equal(parsed.timeScale, 12_288);
    assert.equal(codecsOf(parsed), "avc1.64001F");
    assert.ok(!init.includes("edts"));
  });

  it("are the same whatever rates and tools the encoder noted", () => {
    const plain = Buffer.from(sampleEntry([avcC]));
    plain.fill(0, 50, 82);
    assert.deepEqual(initSegment(header), initSegment({ ...header, sampleEntry: plain }));
  });

  it("are refused for what is neither H.264, HEVC nor AAC", () => {
    const other = Buffer.from(header.sampleEntry);
    other.write("hev1", 4, "latin1");
    assert.throws(() => initSegment({ ...header, sampleEntry: other }), { code: "encode_mismatch" });
  });
});
