import assert from "node:assert/strict";
import type { Manifest } from "@vstream/core/media.ts";
import { everyEdition, inEdition } from "./editions.ts";
import { imagesOf } from "./extras.ts";
import { iframePlaylist } from "./iframe-playlist.ts";
import { audioPlaylist, videoPlaylist } from "./media-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { renditionUris } from "./rendition-uris.ts";
import { sampleImagesPiece, sampleManifest, sampleTextPiece, sampleTextTarget } from "./sample-manifest.fixture.ts";

/** In two rungs before, now in the first of them. */
function reencoded(): { before: Manifest; now: Manifest } {
  const text = { text: [sampleTextTarget(0)], extras: [sampleTextPiece(0), sampleImagesPiece()] };
  const before = sampleManifest({ complete: true, totalChunks: 2, ...text });
  const { edition, renditions, audio, pieces } = before;
  const previous = { edition, renditions, audio, pieces: [...pieces, sampleImagesPiece()] };
  const now = { ...before, version: 9, edition: 1, renditions: renditions.slice(0, 1), previous: [previous] };
  return { before, now: { ...now, extras: [sampleTextPiece(0)] } };
}

describe("an asset that was encoded anew", () => {
  it("has the same playlists as before for who began with the edition before", () => {
    const { before, now } = reencoded();
    const old = inEdition(now, 0);
    assert.ok(old !== null);
    for (const { rung } of before.renditions) {
      assert.equal(videoPlaylist(old, rung.name), videoPlaylist(before, rung.name));
      assert.equal(iframePlaylist(old, rung.name), iframePlaylist(before, rung.name));
    }
    assert.equal(audioPlaylist(old, 0), audioPlaylist(before, 0));
    assert.deepEqual(imagesOf(old), imagesOf(before));
    assert.equal(old, inEdition(now, 0), "what is derived is kept, with what is measured of it");
  });

  it("has no editions but those", () => {
    const { now } = reencoded();
    assert.equal(inEdition(now, 2), null);
    assert.equal(inEdition(now, 1), now);
    assert.deepEqual(
      everyEdition(now).map(({ edition }) => edition),
      [0, 1],
    );
  });

  it("names its playlists for the edition, and none of another one", () => {
    const { now, before } = reencoded();
    const uris = (manifest: Manifest): string[] =>
      [...multivariantPlaylist(manifest).matchAll(/^(?!#).+\.m3u8$|URI="([^"]+)"/gm)].map(([all, uri]) => uri ?? all);
    const name = now.renditions[0]!.rung.name;
    assert.ok(uris(before).includes(`video/${name}.m3u8`));
    const own = [`video-e1/${name}.m3u8`, "audio-e1/0.m3u8", "text/0.m3u8"];
    assert.deepEqual(
      uris(now)
        .filter((uri) => !uri.startsWith("iframes-e1/"))
        .sort(),
      own.sort(),
    );
    assert.match(multivariantPlaylist(now), new RegExp(`STABLE-VARIANT-ID="e1/${name}"`));
  });

  it("tells players of both editions where the same edition is on another node", () => {
    const { now, before } = reencoded();
    const { variants, renditions } = renditionUris(now, "http://b/");
    const old = renditionUris(before, "http://b/");
    for (const [id, uri] of Object.entries({ ...old.variants, ...old.renditions })) {
      assert.equal({ ...variants, ...renditions }[id], uri);
    }
    const { name } = now.renditions[0]!.rung;
    assert.deepEqual(
      [variants[`e1/${name}`], renditions["e1/audio-0"]],
      [`http://b/video-e1/${name}.m3u8`, "http://b/audio-e1/0.m3u8"],
    );
  });
});
