import { LoopUnderTest } from "./loop-under-test.ts";
it("dbg", async function () {
  this.timeout(60000);
  await using test = await LoopUnderTest.open({ one: "eu", two: "eu", three: "us" });
  for (const agent of test.agents) agent.does = ({ kind }) => kind !== "probe";
  const assetId = await test.ingest();
  await test.until(() => test.agents.some((agent) => agent.running.length > 0));
  const prober = test.agents.find((agent) => agent.running.length > 0)!;
  console.log(prober.running.map((r) => r.work.kind));
  const failure = { code: "not_media", message: "not media", hint: "" } as const;
  console.log(await prober.finish(prober.running[0]!, { kind: "failed", failure }));
  await test.until(() => test.isSettled(assetId), 10).catch((e) => console.log(e));
  const v = await test.view(assetId);
  console.log(JSON.stringify({ s: v.asset.state, settled: v.asset.settled, e: v.asset.error, r: v.replicas, o: v.openTasks, d: v.deadTasks.length }, null, 1));
  console.log(test.agents.map((a) => [a.description.name, a.isConnected, a.ends, a.answers, a.store, a.running]));
});
