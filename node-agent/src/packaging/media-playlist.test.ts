import assert from "node:assert/strict";
import { parse } from "hls-parser";
import type { types } from "hls-parser";
import type { Manifest } from "@vstream/core/media.ts";
import { audioPlaylist, videoPlaylist } from "./media-playlist.ts";
import { sampleManifest, sampleObject } from "./sample-manifest.fixture.ts";

function parsed(text: string | null): types.MediaPlaylist {
  assert.ok(text !== null);
  return parse(text) as types.MediaPlaylist;
}

function withoutLastAudio(manifest: Manifest): Manifest {
  return { ...manifest, pieces: manifest.pieces.slice(0, -1) };
}

describe("a media playlist", () => {
  it("reads as written down while the asset grows", () => {
    const init = sampleObject("360p init").sha256;
    const [first, second] = [0, 1].map((chunk) => sampleObject(`360p segment ${String(chunk)}`).sha256);
    assert.equal(
      videoPlaylist(sampleManifest(), "360p"),
      `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=0
#EXT-X-MAP:URI="../${init}.mp4"
#EXTINF:6.000000,
../${first!}.m4s
#EXTINF:6.000000,
../${second!}.m4s
`,
    );
  });

  it("ends as VOD when the asset is complete, with all earlier segment lines unchanged", () => {
    const growing = videoPlaylist(sampleManifest(), "234p")!;
    const whole = videoPlaylist(sampleManifest({ complete: true, releasedChunks: 4 }), "234p")!;
    const mediaLines = (text: string): string[] => text.split("\n").filter((line) => /EXTINF|EXT-X-MAP|m4s/.test(line));
    assert.deepEqual(mediaLines(whole).slice(0, mediaLines(growing).length), mediaLines(growing));
    assert.ok(whole.endsWith("#EXT-X-ENDLIST\n"));
    assert.doesNotMatch(whole, /EXT-X-START/);
    const playlist = parsed(whole);
    assert.equal(playlist.playlistType, "VOD");
    assert.equal(playlist.segments.length, 4);
  });

  it("has one target duration for audio and video, though audio segments are longer", () => {
    const manifest = sampleManifest();
    assert.equal(
      parsed(audioPlaylist(manifest, 0)).targetDuration,
      parsed(videoPlaylist(manifest, "360p")).targetDuration,
    );
  });

  it("declares at once what a segment that is still to come will need", () => {
    const manifest = sampleManifest({ releasedChunks: 1 });
    const withHole = { ...manifest, probe: { ...manifest.probe, longestSegmentSeconds: 11.7 } };
    assert.equal(parsed(videoPlaylist(withHole, "360p")).targetDuration, 12);
    assert.equal(parsed(audioPlaylist(withHole, 0)).targetDuration, 12);
  });

  it("holds video back until the chunk's audio is there", () => {
    const manifest = withoutLastAudio(sampleManifest({ releasedChunks: 3 }));
    assert.equal(parsed(videoPlaylist(manifest, "360p")).segments.length, 2);
    assert.equal(parsed(audioPlaylist(manifest, 0)).segments.length, 2);
  });

  it("shows only released chunks, in order, whatever else the manifest holds", () => {
    const manifest = sampleManifest({ releasedChunks: 3 });
    const shuffled = { ...manifest, pieces: [...manifest.pieces].reverse(), releasedChunks: 2 };
    assert.equal(videoPlaylist(shuffled, "360p"), videoPlaylist(sampleManifest({ releasedChunks: 2 }), "360p"));
  });

  it("keeps any run of EXTINF within a microsecond of the ticks", () => {
    const [piece] = sampleManifest({ releasedChunks: 1 }).pieces;
    assert.ok(piece?.content.kind === "video");
    const rendition = piece.content.renditions[0]!;
    const segments = Array.from({ length: 1000 }, (_, index) => ({
      object: sampleObject(`s${String(index)}`),
      durationTicks: 180_180 + (index % 7),
      startTicks: 0,
      keyframes: [],
    }));
    const content = { ...piece.content, timeScale: 30_000, renditions: [{ ...rendition, segments }] };
    const manifest = sampleManifest({ audio: [], releasedChunks: 1, pieces: [{ ...piece, content }] });
    const playlist = parsed(videoPlaylist(manifest, "360p"));
    let ticks = 0;
    let micros = 0;
    playlist.segments.forEach((segment, index) => {
      ticks += segments[index]!.durationTicks;
      micros += Math.round(segment.duration * 1e6);
      assert.ok(Math.abs(micros - (ticks * 1e6) / 30_000) <= 1);
    });
  });

  it("names a new init where it changes", () => {
    const manifest = sampleManifest({ releasedChunks: 2 });
    const pieces = manifest.pieces.map((piece) =>
      piece.content.kind === "audio" && piece.content.chunk === 1
        ? {
            ...piece,
            content: { ...piece.content, rendition: { ...piece.content.rendition, init: sampleObject("new") } },
          }
        : piece,
    );
    const text = audioPlaylist({ ...manifest, pieces }, 0)!;
    assert.equal(text.match(/EXT-X-MAP/g)?.length, 2);
  });

  it("is not there for a rung or track that the asset lacks", () => {
    assert.equal(videoPlaylist(sampleManifest(), "1080p"), null);
    assert.equal(audioPlaylist(sampleManifest(), 1), null);
  });
});
