import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { idleLoad, trialAddress } from "../serving/trial-serving.fixture.ts";
import type { Standing } from "./choose-pathways.ts";
import { placesOf } from "./places.ts";
import type { Surroundings } from "./places.ts";
import type { Sight } from "./peer-watch.ts";

const [own, other] = [newId("node", 1), newId("node", 2)];
const assetId = newId("asset", 1);
const playbackUrl = "http://other.example:7800";
const self = { nodeId: own, name: "self", region: "eu", url: "http://self.example" };
const seen = (state: Sight["state"], ready = true): Sight => ({ state, ready, load: null });

function around(changes: Partial<Surroundings>): Surroundings {
  const isControlHeard = true;
  const sightOf = (): Sight => seen("unknown");
  return { self, ownLoad: idleLoad, isReady: true, directory: [], sightOf, isControlHeard, ...changes };
}

/** What a node counts as by the directory's word and what was seen of it. */
function standing(entry: Partial<NodeAddress>, sight: Sight, isControlHeard = true): Standing | undefined {
  const directory = [trialAddress(other, { playbackUrl, ...entry })];
  const places = placesOf(
    { assetId, homeNodeIds: [other] },
    around({ directory, sightOf: () => sight, isControlHeard }),
  );
  return places.find((place) => place.nodeId === other)?.standing;
}

describe("the places that viewers may be sent to", () => {
  const down = { health: "down", serving: false } as const;

  it("are well by the directory's word until they were asked themselves", () => {
    assert.equal(standing({}, seen("unknown")), "well");
    assert.equal(standing({ scheduling: "cordoned" }, seen("answers")), "well");
  });

  it("are ill when they do not answer, whatever the directory says", () => {
    assert.equal(standing({}, seen("silent")), "ill");
    assert.equal(standing({ scheduling: "draining" }, seen("silent")), "ill");
  });

  it("are ill when the directory calls them suspect or down, as long as it is kept up to date", () => {
    assert.equal(standing(down, seen("answers")), "ill");
    assert.equal(standing({ health: "suspect", serving: false }, seen("answers")), "ill");
  });

  it("are well when they answer while the control plane is silent, but not before they did", () => {
    assert.equal(standing(down, seen("answers"), false), "well");
    assert.equal(standing(down, seen("unknown"), false), "ill");
  });

  it("are leaving while they drain, whether the control plane is heard or not, and gone when drained", () => {
    for (const isControlHeard of [true, false]) {
      assert.equal(standing({ scheduling: "draining" }, seen("answers"), isControlHeard), "leaving");
      assert.equal(standing({ scheduling: "drained", serving: false }, seen("answers"), isControlHeard), "gone");
    }
    assert.equal(standing({ ...down, scheduling: "draining" }, seen("answers"), false), "leaving");
  });

  it("are leaving when they say that they stop", () => {
    assert.equal(standing({}, seen("answers", false)), "leaving");
  });

  it("hold the node itself, known to live, and leaving when it drains or stops", () => {
    const ownStanding = (changes: Partial<Surroundings>): Standing | undefined =>
      placesOf({ assetId, homeNodeIds: [own] }, around(changes)).find((place) => place.nodeId === own)?.standing;
    assert.equal(ownStanding({}), "well");
    assert.equal(ownStanding({ directory: [trialAddress(own, { ...down, playbackUrl })] }), "well");
    assert.equal(ownStanding({ directory: [trialAddress(own, { scheduling: "draining" })] }), "leaving");
    assert.equal(ownStanding({ directory: [trialAddress(own, { scheduling: "drained", serving: false })] }), "gone");
    assert.equal(ownStanding({ isReady: false }), "leaving");
  });

  it("begin with the homes in their order, and hold only plain web addresses", () => {
    const [third, fourth] = [newId("node", 3), newId("node", 4)];
    const directory = [
      trialAddress(third, { playbackUrl: "https://[::1]:1/p/" }),
      trialAddress(other, { playbackUrl }),
      trialAddress(fourth, { playbackUrl: 'http://x"\n#EXT-X-EVIL' }),
    ];
    const places = placesOf({ assetId, homeNodeIds: [other, own, fourth] }, around({ directory }));
    assert.deepEqual(
      places.map(({ nodeId, url, isHome }) => [nodeId, url, isHome]),
      [
        [other, playbackUrl, true],
        [own, self.url, true],
        [third, "https://[::1]:1/p", false],
      ],
    );
  });

  it("are a few of many nodes beside the homes: those asked for, then the well and near, the same for an asset", () => {
    const many = Array.from({ length: 500 }, (_, at) =>
      trialAddress(newId("node", 10 + at), { playbackUrl, region: at % 2 === 0 ? "us" : "eu" }),
    );
    const known = many[499]!.nodeId;
    let looked = 0;
    const sightOf = (nodeId: NodeId): Sight => {
      looked += 1;
      return seen(many.findIndex((node) => node.nodeId === nodeId) % 3 === 0 ? "silent" : "answers");
    };
    const idsFor = (asset: AssetId): NodeId[] =>
      placesOf({ assetId: asset, homeNodeIds: [other], known: [known] }, around({ directory: many, sightOf })).map(
        ({ nodeId, region, standing: found }) => {
          if (nodeId !== own && nodeId !== known) assert.deepEqual([region, found], ["eu", "well"]);
          return nodeId;
        },
      );
    const ids = idsFor(assetId);
    assert.deepEqual([ids.length, ids[0], looked <= 66], [18, known, true], String(looked));
    assert.deepEqual(idsFor(assetId), ids);
    assert.notDeepEqual(idsFor(newId("asset", 2)), ids);
  });

  it("have no load where what was told is none that a node can have", () => {
    const odd = { ...idleLoad, egressBps: NaN };
    const places = placesOf({ assetId, homeNodeIds: [own] }, around({ ownLoad: odd }));
    assert.deepEqual(
      places.map(({ load }) => load),
      [null],
    );
  });
});
