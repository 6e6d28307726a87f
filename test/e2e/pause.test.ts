// An agent stands still for longer than its lease and then goes on: its word comes too late, and nothing of it stays.
import assert from "node:assert/strict";
import { tasksOf, untilWhole } from "../cluster/asset-checks.ts";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { encodersOf, strayFiles } from "../cluster/leftovers.ts";

describe("an agent that stands still past its lease", () => {
  it("finds its work done elsewhere and leaves nothing behind", async () => {
    await using cluster = await Cluster.start();
    const { asset } = await cluster.json<IngestJson>("ingest", clip, "--wait", "none");
    const encoding = await eventually("an agent that encodes", async () =>
      (await tasksOf(cluster, asset.id)).find(({ kind, state }) => kind === "transcode" && state === "leased"),
    );
    const paused = cluster.node(encoding.nodeId ?? "");
    cluster.kill(paused.name, "SIGSTOP");
    const elsewhere = await eventually("its work to be done elsewhere", async () => {
      const task = (await tasksOf(cluster, asset.id)).find(({ id }) => id === encoding.id);
      return task?.state === "succeeded" && task.nodeId !== paused.id ? task : undefined;
    });
    cluster.kill(paused.name, "SIGCONT");

    await cluster.json("assets", "wait", asset.id, "--for", "ready", "--timeout", "2m");
    await untilWhole(cluster, asset.id);
    const after = (await tasksOf(cluster, asset.id)).find(({ id }) => id === encoding.id);
    assert.equal(after?.nodeId, elsewhere.nodeId, "the late report changed nothing");
    await eventually("encoders to end", async () => ((await encodersOf(cluster)).length === 0 ? true : undefined));
    await eventually("stray files to go", async () => ((await strayFiles(cluster)).length === 0 ? true : undefined));
  });
});
