import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { findProtection } from "./find-protection.ts";
import { clip, openFolder } from "./trial-media.fixture.ts";

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + body.length);
  header.write(type, 4, "latin1");
  return Buffer.concat([header, body]);
}

function mp4(entry: Buffer): Buffer {
  const table = box("stsd", Buffer.alloc(8), entry);
  const track = box("trak", box("mdia", box("minf", box("stbl", table))));
  return Buffer.concat([box("ftyp", Buffer.from("isom")), box("moov", box("free"), track)]);
}

const scheme = box("sinf", box("frma", Buffer.from("avc1")));

/** Packets of a transport stream: tables, then content. */
function stream(streamType: number, control: number): Buffer {
  const packet = (pid: number, payload: readonly number[], flags = 0x10): Buffer => {
    const bytes = Buffer.alloc(188, 0xff);
    bytes[0] = 0x47;
    bytes.writeUInt16BE((payload[0] === 0 ? 0x4000 : 0) | pid, 1);
    bytes[3] = flags;
    Buffer.from(payload).copy(bytes, 4);
    return bytes;
  };
  const programs = packet(0, [0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0x20, 0, 0, 0, 0]);
  const map = [0, 2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, streamType, 0xe1, 0, 0xf0, 0, 0, 0, 0, 0];
  const content = Array.from({ length: 20 }, () => packet(0x100, [1, 2, 3], control));
  return Buffer.concat([programs, packet(0x1020, map), ...content]);
}

describe("content protection", () => {
  async function found(bytes: Buffer): Promise<string | null> {
    await using folder = await openFolder();
    await writeFile(folder.path("source"), bytes);
    return await findProtection(folder.path("source"), bytes.length);
  }

  it("is not seen in what has none", async () => {
    assert.equal(await found(mp4(box("avc1", Buffer.alloc(78)))), null);
    assert.equal(await found(stream(0x1b, 0x10)), null);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(9), Buffer.alloc(5000), Buffer.alloc(5000, 0x47)]) {
      assert.equal(await found(bytes), null);
    }
    for (const name of ["bbb-480p-30s.mp4", "mpeg4-mp3.avi", "srt-subtitles.mkv"]) {
      assert.equal(await findProtection(clip(name), 300_000), null);
    }
  });

  it("is seen in a sample entry, whatever the entry is called", async () => {
    assert.match((await found(mp4(box("encv", Buffer.alloc(78))))) ?? "", /key/);
    assert.match((await found(mp4(box("avc1", Buffer.alloc(78), scheme)))) ?? "", /key/);
  });

  it("is seen in fragments", async () => {
    const fragment = (child: Buffer): Buffer => Buffer.concat([mp4(box("avc1")), box("moof", box("traf", child))]);
    assert.equal(await found(fragment(box("trun"))), null);
    assert.match((await found(fragment(box("senc")))) ?? "", /fragments/);
  });

  it("is seen in a transport stream, by its packets or its program's table", async () => {
    assert.match((await found(stream(0x1b, 0x90))) ?? "", /scrambled/);
    assert.match((await found(stream(0xdb, 0x10))) ?? "", /samples/);
    assert.match((await found(Buffer.concat([Buffer.from("garbage"), stream(0xcf, 0x10)]))) ?? "", /samples/);
  });

  it("is not taken from boxes that lie about their size", async () => {
    const lying = mp4(box("avc1"));
    lying.writeUInt32BE(0x7fffffff, lying.indexOf("trak") - 4);
    assert.equal(await found(lying), null);
    lying.writeUInt32BE(1, lying.indexOf("mdia") - 4);
    assert.equal(await found(lying), null);
  });
});
