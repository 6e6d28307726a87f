// kill -9 of an agent in the middle of an encode: the work runs elsewhere soon, and no file is left that nothing names.
import assert from "node:assert/strict";
import { assertPlaysWhole, tasksOf, untilWhole } from "../cluster/asset-checks.ts";
import { Bed, needsBed } from "../cluster/bed.ts";
import { eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { encodersOf, namedObjects, storedObjects, strayFiles } from "../cluster/leftovers.ts";

const elsewhereLimitMs = 20_000;

describe("an agent that is killed while it encodes", function () {
  this.timeout(240_000);
  before(function () {
    needsBed(this);
  });

  for (const share of [0.1, 0.6]) {
    it(`(at ${share * 100} % of the asset): its work runs elsewhere within 20 s, and nothing is left over`, async () => {
      await using bed = await Bed.start();
      const { asset } = await bed.ingest<IngestJson>(undefined, "--wait", "none");
      const encoding = await eventually("an encode so far on", async () => {
        const shown = await bed.json<IngestJson["asset"]>("assets", "show", asset.id);
        const leased = (await tasksOf(bed, asset.id)).filter((task) => task.state === "leased");
        return shown.progress >= share ? leased.find(({ kind }) => kind === "transcode") : undefined;
      });
      const killed = bed.node(encoding.nodeId ?? "");
      await bed.kill(killed.name);
      const killedAt = performance.now();
      await eventually(
        "its encoders to die with it",
        async () => {
          const left = (await encodersOf(bed)).filter((line) => line.includes(`/${killed.name}/`));
          return left.length === 0 ? true : undefined;
        },
        5_000,
      );
      await eventually("the task to run elsewhere", async () => {
        const task = (await tasksOf(bed, asset.id)).find(({ id }) => id === encoding.id);
        // Its last word may have been on its way when it was killed.
        const isSaved = task?.state === "succeeded" || (task?.state === "leased" && task.nodeId !== killed.id);
        return isSaved ? true : undefined;
      });
      const tookMs = performance.now() - killedAt;
      assert.ok(tookMs <= elsewhereLimitMs, `it took ${Math.round(tookMs)} ms`);

      await bed.start(killed.name);
      await bed.json("assets", "wait", asset.id, "--for", "ready", "--timeout", "2m");
      await untilWhole(bed, asset.id);
      await assertPlaysWhole((await bed.json<IngestJson>("assets", "url", asset.id)).playback.hls);
      await eventually("every stored file to be named by something", async () =>
        (await leftOver(bed)).length === 0 ? true : undefined,
      );
    });
  }
});

async function leftOver(bed: Bed): Promise<string[]> {
  const unnamed = await Promise.all(
    bed.state.nodes.map(async ({ dataDir }) => {
      const named = new Set(await namedObjects(dataDir));
      return (await storedObjects(dataDir)).filter((hash) => !named.has(hash));
    }),
  );
  return [...(await strayFiles(bed)), ...unnamed.flat()];
}
