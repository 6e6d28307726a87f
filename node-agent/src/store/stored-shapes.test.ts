import assert from "node:assert/strict";
import type { Piece } from "@vstream/core/media.ts";
import { manifestShape, pieceShape } from "./stored-shapes.ts";
import { manifestOf, newAssetId, pieceOf, refOf } from "./trial-store.fixture.ts";

const object = refOf(Buffer.from("bytes"));
const image = { object, width: 1600, height: 90 };
const text: Piece = {
  ...{ id: "text-0" as Piece["id"], toolchain: "t", madeBy: "" },
  content: { kind: "text", track: 0, chunks: [object] },
};
const images: Piece = {
  ...{ id: "images" as Piece["id"], toolchain: "t", madeBy: "" },
  content: {
    ...{ kind: "images", poster: image, sheets: [image], columns: 10, rows: 10, width: 160, height: 90 },
    ...{ intervalMs: 5000, thumbnails: 3 },
  },
};
const target = {
  ...{ track: 1, stream: 0, language: "en", name: "English", channels: 2, bitrateBps: 1, sampleRate: 48_000 },
  defaultTrack: true,
};
const measured = { bandwidthBps: 1, averageBandwidthBps: 1, codecs: "mp4a.40.2" };

/** As it comes from a disk, without the fields of these names. */
function stored(value: unknown, without: readonly string[] = []): unknown {
  const told = JSON.stringify(value, (name, field: unknown) => (without.includes(name) ? undefined : field));
  return JSON.parse(told) as unknown;
}

describe("what the store keeps", () => {
  const manifest = {
    ...manifestOf(newAssetId(), 4, { from: 0, pieces: [pieceOf(0, [object, object])] }),
    ...{ audio: [{ target, ...measured }], text: [], extras: [text, images] },
  };

  it("is read as it was written", () => {
    for (const piece of [pieceOf(0, [object, object]), text, images]) {
      assert.deepEqual(pieceShape.parse(stored(piece)), piece);
    }
    assert.deepEqual(manifestShape.parse(stored(manifest)), manifest);
  });

  it("is read as an older release wrote it", () => {
    const later = ["keyframes", "stream", "name", "text", "extras", "chapters", "warnings", "defaultTrack"];
    const read = manifestShape.parse(stored({ ...manifest, text: [], extras: [] }, later));
    const older = { ...target, name: "", stream: 1, defaultTrack: false };
    assert.deepEqual(read, { ...manifest, audio: [{ target: older, ...measured }], text: [], extras: [] });
  });

  it("is refused under another piece's name", () => {
    assert.equal(pieceShape.safeParse({ ...text, id: "text-1" }).success, false);
    assert.equal(pieceShape.safeParse({ ...images, id: "timeline" }).success, false);
  });
});
