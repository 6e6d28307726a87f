// Contract: what a restart keeps.
import assert from "node:assert/strict";
import { aReport, aSuccess, aTask, aVideo, now } from "./builders.ts";
import { addNode, plannedAsset, startTask, viewOf } from "./steps.ts";
import type { OpenCatalog } from "./under-test.ts";

export function describeRestart(open: OpenCatalog): void {
  describe("restart", () => {
    let incarnation = "";

    it("goes on where it was, in the next term of the same incarnation", async () => {
      await using opened = await open();
      const { identity } = opened.catalog;
      incarnation = identity.incarnation;
      const home = await addNode(opened.catalog);
      const { id } = await plannedAsset(opened.catalog, [home.id]);
      const running = await startTask(opened.catalog, aTask(id), home.id);
      const before = await viewOf(opened.catalog, id);
      const catalog = await opened.reopen();
      assert.deepEqual(catalog.identity, { incarnation: identity.incarnation, term: identity.term + 1 });
      assert.deepEqual(await viewOf(catalog, id), before);
      const outcome = aSuccess([aVideo(0)]);
      assert.equal(await catalog.commands.recordReport(aReport(catalog, running, { outcome })), "accepted");
    });

    it("refuses calls once it is closed", async () => {
      await using opened = await open();
      await opened.catalog[Symbol.asyncDispose]();
      await assert.rejects(opened.catalog.queries.planningSnapshot(now), { code: "unavailable" });
      await assert.rejects(opened.catalog.commands.recordLoads([]), { code: "unavailable" });
    });

    it("begins as another incarnation in another place", async () => {
      await using other = await open();
      assert.notEqual(other.catalog.identity.incarnation, incarnation);
    });
  });
}
