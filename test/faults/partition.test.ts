// The network between programs breaks, whole or one way: what is served goes on, nothing is copied about, and all is
// as before once it is mended.
import assert from "node:assert/strict";
import { assertUnnoticed, movesOf, homesOf, tasksOf, untilWhole } from "../cluster/asset-checks.ts";
import { Bed, control, needsBed } from "../cluster/bed.ts";
import { eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import type { Network } from "../cluster/network.ts";
import { shortClip } from "../cluster/repository.ts";

/** Past the 15 s after which a silent node is down, and some. */
const apartMs = 25_000;

interface Break {
  readonly title: string;
  /** Names of the agents that the control plane no longer hears, from the asset's homes and the others. */
  readonly apart: (homes: readonly string[], all: readonly string[]) => readonly string[];
  readonly how: (network: Network, apart: readonly string[]) => void;
}

const breaks: readonly Break[] = [
  {
    title: "one agent and the control plane",
    apart: (homes) => homes.slice(0, 1),
    how: (network, apart) => {
      network.partition(apart, [control]);
    },
  },
  {
    title: "both homes and the control plane",
    apart: (homes) => homes,
    how: (network, apart) => {
      network.partition(apart, [control]);
    },
  },
  {
    title: "every agent and the control plane",
    apart: (_, all) => all,
    how: (network, apart) => {
      network.partition(apart, [control]);
    },
  },
  {
    title: "one agent and all other programs",
    apart: (homes) => homes.slice(0, 1),
    how: (network, apart) => {
      network.partition(apart, [control, "eu-1", "eu-2", "us-1"]);
    },
  },
  {
    title: "an agent that hears the control plane and is not heard",
    apart: (homes) => homes.slice(0, 1),
    how: (network, apart) => {
      network.swallow(apart, [control]);
    },
  },
  {
    title: "an agent that is heard by the control plane and does not hear it",
    apart: (homes) => homes.slice(0, 1),
    how: (network, apart) => {
      network.swallow([control], apart);
    },
  },
  {
    title: "one agent and the control plane, which is told at once that there is no way",
    apart: (homes) => homes.slice(0, 1),
    how: (network, apart) => {
      network.refuse([control], apart);
      network.refuse(apart, [control]);
    },
  },
];

describe("a broken network between", function () {
  this.timeout(240_000);
  let bed: Bed;
  let ingested: IngestJson;

  before(async function () {
    needsBed(this);
    bed = await Bed.start();
    ingested = await bed.ingest<IngestJson>();
  });
  after(async () => {
    // Nothing was started where the test was skipped.
    await (bed as Bed | undefined)?.[Symbol.asyncDispose]();
  });
  afterEach(() => {
    (bed as Bed | undefined)?.network.heal();
  });

  for (const { title, apart, how } of breaks) {
    it(`${title}: serving goes on, nothing moves, and all is well after`, async () => {
      const assetId = ingested.asset.id;
      await untilWhole(bed, assetId);
      const homes = await homesOf(bed, assetId);
      const moves = await movesOf(bed, assetId, homes);
      const names = apart(
        homes.map((id) => bed.node(id).name),
        bed.state.nodes.map(({ name }) => name),
      );
      await using crowd = await bed.watch({ viewers: 8, urls: ingested.playback.hls, follows: "homes" });
      how(bed.network, names);
      await new Promise((wake) => setTimeout(wake, apartMs));
      for (const name of names) await bed.until(name, { health: "down" }, 20_000);
      bed.network.heal();
      for (const name of names) await bed.until(name, { health: "up" }, 30_000);
      await untilWhole(bed, assetId);

      assert.deepEqual(await homesOf(bed, assetId), homes, "the homes are those of before");
      assert.deepEqual(await movesOf(bed, assetId, homes), moves, "nothing was copied");
      assertUnnoticed(await crowd.stop(), 1_000);
    });
  }

  it("the control plane and every agent, in the middle of an ingest: it goes on after", async () => {
    const { asset } = await bed.ingest<IngestJson>(shortClip, "--wait", "none");
    const agents = bed.state.nodes.map(({ name }) => name);
    await eventually("work to begin", async () => {
      const encoding = (await tasksOf(bed, asset.id)).filter(({ kind }) => kind === "transcode");
      return encoding.some(({ state }) => state === "leased") ? true : undefined;
    });
    bed.network.partition(agents, [control]);
    await new Promise((wake) => setTimeout(wake, apartMs));
    bed.network.heal();
    await bed.json("assets", "wait", asset.id, "--for", "ready", "--timeout", "2m");
  });
});
