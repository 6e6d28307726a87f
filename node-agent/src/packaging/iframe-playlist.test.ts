import assert from "node:assert/strict";
import { parse, setOptions } from "hls-parser";
import type { types } from "hls-parser";
import type { Keyframe, Manifest, VideoContent } from "@vstream/core/media.ts";
import { iframePlaylist, iframeRates } from "./iframe-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { renditionUris } from "./rendition-uris.ts";
import { sampleManifest, sampleObject } from "./sample-manifest.fixture.ts";

const whole = sampleManifest({ complete: true, releasedChunks: 4 });

/** The same with the keyframes of its last chunk changed. */
function withKeyframes(change: (keyframes: readonly Keyframe[]) => readonly Keyframe[]): Manifest {
  const changed = (content: VideoContent): VideoContent => ({
    ...content,
    renditions: content.renditions.map((rendition) => ({
      ...rendition,
      segments: rendition.segments.map((segment) => ({ ...segment, keyframes: change(segment.keyframes) })),
    })),
  });
  const pieces = whole.pieces.map((piece) =>
    piece.content.kind === "video" && piece.content.chunk === 3 ? { ...piece, content: changed(piece.content) } : piece,
  );
  return { ...whole, pieces };
}

describe("an I-frame playlist", () => {
  it("reads as written down", () => {
    const [init, first] = ["360p init", "360p segment 0"].map((name) => sampleObject(name).sha256);
    const text = iframePlaylist(whole, "360p") ?? "";
    assert.ok(
      text.startsWith(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="../${init!}.mp4"
#EXTINF:2.000000,
#EXT-X-BYTERANGE:3@0
../${first!}.m4s
#EXTINF:2.000000,
#EXT-X-BYTERANGE:3@4
../${first!}.m4s
`),
      text,
    );
    assert.ok(text.endsWith("#EXT-X-ENDLIST\n"));
    const playlist = parse(text) as types.MediaPlaylist;
    assert.ok(playlist.isIFrame);
    assert.equal(playlist.segments.length, 12);
    assert.deepEqual(playlist.segments[4]?.byterange, { offset: 4, length: 3 });
  });

  it("is not there while the asset grows, for a rung it lacks, or where keyframes are unknown or cannot be right", () => {
    assert.equal(iframePlaylist(sampleManifest({ releasedChunks: 4 }), "360p"), null);
    assert.equal(iframePlaylist(whole, "1080p"), null);
    for (const change of [
      (): Keyframe[] => [],
      (known: readonly Keyframe[]) => known.slice(1),
      (known: readonly Keyframe[]) => known.map((keyframe) => ({ ...keyframe, bytes: 12 })),
      (known: readonly Keyframe[]) => known.map((keyframe) => ({ ...keyframe, bytes: 0 })),
    ]) {
      const manifest = withKeyframes(change);
      assert.equal(iframePlaylist(manifest, "360p"), null);
      assert.doesNotMatch(multivariantPlaylist(manifest), /I-FRAME/);
      assert.deepEqual(Object.keys(renditionUris(manifest, "").variants), ["360p", "234p"]);
    }
  });

  it("has rates of its own: the average, and the peak of any run of half to one and a half target durations", () => {
    const heavier = withKeyframes((known) => known.map((keyframe) => ({ ...keyframe, bytes: 6 })));
    // 9 of 12 pictures of 3 bytes and 3 of 6 in 24 s; two of 6 bytes in 4 s.
    assert.deepEqual(iframeRates(heavier, "360p"), {
      averageBandwidthBps: 15,
      bandwidthBps: 24,
      codecs: "avc1.64001e",
    });
  });

  it("is named for every rung and on every pathway, by its own stable id, as a strict parser reads it", () => {
    const pathways = ["noA", "noB"].map((id) => ({ id, base: id === "noA" ? "" : "http://b.example/v/as1/" }));
    const text = multivariantPlaylist(whole, { serverUri: "../../steering/as1", pathways });
    assert.deepEqual(
      text.split("\n").filter((line) => line.startsWith("#EXT-X-I-FRAME-STREAM-INF:"))[0],
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=12,AVERAGE-BANDWIDTH=12,CODECS="avc1.64001e",RESOLUTION=640x360,VIDEO-RANGE=SDR,STABLE-VARIANT-ID="iframes/360p",PATHWAY-ID="noA",URI="iframes/360p.m3u8"',
    );
    setOptions({ strictMode: true });
    const { variants } = parse(text) as types.MasterPlaylist;
    setOptions({ strictMode: false });
    assert.deepEqual(
      variants.filter(({ isIFrameOnly }) => isIFrameOnly).map(({ uri }) => uri),
      ["360p", "234p"]
        .flatMap((rung) => `iframes/${rung}.m3u8`)
        .concat(["360p", "234p"].map((rung) => `http://b.example/v/as1/iframes/${rung}.m3u8`)),
    );
    const { variants: uris } = renditionUris(whole, "http://c.example/v/as1/");
    assert.equal(uris["iframes/360p"], "http://c.example/v/as1/iframes/360p.m3u8");
  });
});
