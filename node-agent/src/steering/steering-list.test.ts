import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import { sampleAssetId, sampleManifest, sampleTextTarget } from "../packaging/sample-manifest.fixture.ts";
import type { Place } from "./places.ts";
import { steeringList, ttlSeconds } from "./steering-list.ts";
import type { SteeringList } from "./steering-list.ts";

const nodeIds = [1, 2, 3].map((at) => newId("node", at));

function place(index: number, changes: Partial<Place> = {}): Place {
  const nodeId = nodeIds[index]!;
  const url = `http://n${String(index)}.example:${String(7800 + index)}`;
  return { nodeId, name: nodeId, region: "eu", url, isHome: true, standing: "well", load: null, ...changes };
}

function listFor(
  pathways: readonly Place[],
  known = [nodeIds[0]!, nodeIds[1]!],
  extra: readonly Place[] = [],
): SteeringList {
  const steered = { manifest: sampleManifest(), pathways, places: [...pathways, ...extra], self: place(0) };
  return steeringList(steered, { known, near: "eu" }, 0);
}

describe("the steering manifest", () => {
  it("is asked for every ten seconds by up to 1,000 viewers, then about a hundred times a second", () => {
    assert.deepEqual([0, 1000, 1001, 5000, 29_900, 1e6].map(ttlSeconds), [10, 10, 11, 50, 299, 300]);
  });

  it("names the pathways in order, and where to ask next: a node that the viewer does not fetch from", () => {
    const list = listFor([place(0), place(1)]);
    assert.deepEqual(list, {
      VERSION: 1,
      TTL: 10,
      "RELOAD-URI": `http://n1.example:7801/steering/${sampleAssetId}?known=${nodeIds[0]!}-${nodeIds[1]!}&near=eu`,
      "PATHWAY-PRIORITY": [nodeIds[0], nodeIds[1]],
    });
  });

  it("never sends a player to ask a node that is not well while another one is", () => {
    const hostOf = (pathways: readonly Place[]): string => new URL(listFor(pathways)["RELOAD-URI"]).host;
    assert.equal(hostOf([place(1), place(0, { standing: "leaving" })]), "n1.example:7801");
    assert.equal(hostOf([place(1), place(2, { standing: "ill" }), place(0)]), "n0.example:7800");
    assert.equal(hostOf([place(2, { standing: "ill" })]), "n0.example:7800");
  });

  it("tells how to reach a home that the playlist did not have, by whole URIs", () => {
    const clones = listFor([place(2), place(0)])["PATHWAY-CLONES"];
    const base = `http://n2.example:7802/v/${sampleAssetId}/`;
    assert.deepEqual(clones, [
      {
        "BASE-ID": nodeIds[0],
        ID: nodeIds[2],
        "URI-REPLACEMENT": {
          "PER-VARIANT-URIS": { "360p": `${base}video/360p.m3u8`, "234p": `${base}video/234p.m3u8` },
          "PER-RENDITION-URIS": { "audio-0": `${base}audio/0.m3u8` },
        },
      },
    ]);
  });

  it("tells of text tracks and I-frames, too, where they are on such a home", () => {
    const manifest = sampleManifest({ complete: true, releasedChunks: 4, text: [sampleTextTarget(0)] });
    const steered = { manifest, pathways: [place(2), place(0)], places: [place(2), place(0)], self: place(0) };
    const [clone] = steeringList(steered, { known: [nodeIds[0]!], near: "eu" }, 0)["PATHWAY-CLONES"] ?? [];
    const base = `http://n2.example:7802/v/${sampleAssetId}/`;
    const { "PER-VARIANT-URIS": variants, "PER-RENDITION-URIS": renditions } = clone!["URI-REPLACEMENT"];
    assert.equal(variants["iframes/234p"], `${base}iframes/234p.m3u8`);
    assert.equal(renditions["text-0"], `${base}text/0.m3u8`);
  });

  it("clones nothing for a player that does not say what it knows", () => {
    assert.equal("PATHWAY-CLONES" in listFor([place(2), place(0)], []), false);
  });

  it("puts pathways that the player has and should not need last, without those that are gone", () => {
    const list = listFor([place(2)], nodeIds, [place(0, { isHome: false }), place(1, { standing: "gone" })]);
    assert.deepEqual(list["PATHWAY-PRIORITY"], [nodeIds[2], nodeIds[0]]);
  });
});
