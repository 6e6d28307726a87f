import assert from "node:assert/strict";
import { videoPieceId, audioPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { Piece, Segment } from "@vstream/core/media.ts";
import { declaredRates, measureRates } from "./measure.ts";
import { buildPlan, buildProbe, hash } from "./snapshot.fixture.ts";

/** Each segment: kilobytes and seconds. */
function segmentsOf(sizes: readonly (readonly [number, number])[]): Segment[] {
  return sizes.map(([kilobytes, seconds], at) => ({
    object: { sha256: hash(`${at}`), bytes: kilobytes * 1000 },
    durationTicks: seconds * 1000,
    startTicks: 0,
    keyframes: [],
  }));
}

const init = { sha256: hash("init"), bytes: 800 };

function video(chunk: number, sizes: readonly (readonly [number, number])[]): Piece {
  const renditions = ["480p", "360p", "234p"].map((rung) => {
    return { rung, init, codecs: "avc1.64001f", segments: segmentsOf(sizes) };
  });
  const joint = { beforeFirst: "", last: "" };
  return piece(videoPieceId(chunk), { kind: "video", chunk, frames: 1, timeScale: 1000, renditions, joint });
}

function audio(track: number, kilobytes: number): Piece {
  const rendition = { rung: "", init, codecs: "mp4a.40.2", segments: segmentsOf([[kilobytes, 6]]) };
  return piece(audioPieceId(track, 0), { kind: "audio", track, chunk: 0, timeScale: 1000, rendition });
}

function piece(id: PieceId, content: Piece["content"]): Piece {
  return { id, content, toolchain: "x1", madeBy: "" };
}

function measured(pieces: readonly Piece[], tracks = 0) {
  const probe = buildProbe({ tracks });
  return measureRates({ plan: buildPlan(probe), probe, pieces });
}

describe("measured rates", () => {
  it("take the largest segment as the peak and everything for the average", () => {
    const { renditions } = measured([video(0, [[300, 6]]), video(1, [[600, 6]])]);
    assert.equal(renditions[0]?.bandwidthBps, 800_000);
    assert.equal(renditions[0].averageBandwidthBps, 600_000);
    assert.equal(renditions[0].codecs, "avc1.64001f");
    assert.equal(renditions[0].frameRate, 24);
  });

  it("do not take a short last segment for a peak by itself, but together with the one before", () => {
    const { renditions } = measured([video(0, [[300, 6]]), video(1, [[300, 1]])]);
    assert.equal(renditions[0]?.bandwidthBps, Math.ceil(4_800_000 / 7));
  });

  it("take longer runs for the peak where a frame is held for long, as the playlists' target duration says", () => {
    const still = measured([video(0, [[300, 6]]), video(1, [[600, 6]]), video(2, [[40, 20]])]);
    assert.equal(still.renditions[0]?.bandwidthBps, 600_000);
  });

  it("give the average as the peak of a clip that is shorter than half a segment", () => {
    const { renditions } = measured([video(0, [[100, 2]])]);
    assert.equal(renditions[0]?.bandwidthBps, 400_000);
  });

  it("add the audio track that takes most to every rendition", () => {
    const { renditions, audio: tracks } = measured([video(0, [[300, 6]]), audio(0, 96), audio(1, 120)], 2);
    assert.deepEqual(
      tracks.map((track) => track.bandwidthBps),
      [128_000, 160_000],
    );
    assert.equal(renditions[2]?.bandwidthBps, 400_000 + 160_000);
    assert.equal(renditions[2].averageBandwidthBps, 400_000 + 160_000);
  });
});

describe("declared rates", () => {
  it("are what the caps allow, so that no measured peak under the cap is above them", () => {
    const probe = buildProbe({ tracks: 1 });
    const { renditions } = declaredRates({ plan: buildPlan(probe), probe, pieces: [video(0, [[1, 6]])] });
    const smallest = renditions.at(-1);
    assert.equal(smallest?.bandwidthBps, 290_667 + 160_000);
    assert.equal(smallest.codecs, "avc1.64001f");
    assert.ok(renditions.every((rendition) => rendition.averageBandwidthBps <= rendition.bandwidthBps));
  });
});
