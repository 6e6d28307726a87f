// What nodes report, where it is counted: copies that were found wrong.
import assert from "node:assert/strict";
import { timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import { aFinding, aReport } from "../catalog/contract/builders.ts";
import { addNode, lease, readyAsset } from "../catalog/contract/steps.ts";
import type { CatalogUnderTest } from "../catalog/contract/under-test.ts";
import type { TaskRecord } from "../catalog/records.ts";
import { openTestCatalog } from "../catalog/sqlite/test-catalog.ts";
import type { ControlLoop } from "./control-loop.ts";
import { ManualClock } from "./manual-clock.fixture.ts";
import { openControlLoop } from "./open-control-loop.ts";

describe("damaged copies that are reported", () => {
  const clock = new ManualClock();
  const { log } = openLog({ program: "test", level: "silent" });
  let opened: CatalogUnderTest;
  let loop: ControlLoop;
  let counted: number[];
  let nodeId: NodeId;
  let assetId: AssetId;

  before(async () => {
    opened = await openTestCatalog();
    const observer = { onDamage: (copies: number) => counted.push(copies) };
    // Its clock stands still: it takes what is reported, and does not look at the catalog by itself.
    loop = await openControlLoop({ catalog: opened.catalog, clock, log, ticketKeyPem: "key", settings: {}, observer });
  });
  after(async () => {
    const closed = loop[Symbol.asyncDispose]();
    clock.advance(60_000);
    await closed;
    await opened[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    counted = [];
    const [home, other] = [await addNode(opened.catalog), await addNode(opened.catalog)];
    nodeId = home.id;
    assetId = (await readyAsset(opened.catalog, [home.id, other.id])).id;
  });

  // The loop's own table of leases does not have it, as when it was just taken out.
  async function runVerification(): Promise<TaskRecord> {
    const { commands } = opened.catalog;
    const tasks = await commands.createVerification({ assetId, at: clock.now(), actor: "user:test" });
    return await lease(
      opened.catalog,
      tasks.find((task) => task.nodeId === nodeId)!,
      nodeId,
      clock.now(),
    );
  }

  async function report(task: TaskRecord, damagedPieceIds: readonly PieceId[]): Promise<string> {
    const { outcome, ...fence } = aReport(opened.catalog, task, { outcome: aFinding(damagedPieceIds) });
    assert.ok(outcome.kind === "succeeded");
    return await loop.reportTask({ ...fence, outcome });
  }

  it("by a verification count once, however often it is told, and stand on record", async () => {
    const task = await runVerification();
    assert.equal(await report(task, [timelinePieceId, videoPieceId(0)]), "accepted");
    assert.equal(await report(task, [timelinePieceId, videoPieceId(0)]), "accepted");
    assert.deepEqual(counted, [2]);
    const findings = await opened.catalog.queries.getFindings(task.id);
    assert.deepEqual(findings?.damagedPieceIds, [timelinePieceId, videoPieceId(0)]);
  });

  it("by a verification that is stale do not count", async () => {
    const task = await runVerification();
    assert.equal(await report({ ...task, epoch: task.epoch + 1 }, [timelinePieceId]), "stale");
    assert.deepEqual(counted, []);
    assert.equal(await opened.catalog.queries.getFindings(task.id), null);
  });

  it("count as far as they were copies", async () => {
    const entries = [{ assetId, pieceIds: [timelinePieceId, videoPieceId(7)] }];
    await loop.reportDamage({ nodeId, entries });
    await loop.reportDamage({ nodeId, entries });
    assert.deepEqual(counted, [1]);
    const task = await runVerification();
    await report(task, [timelinePieceId, videoPieceId(1)]);
    assert.deepEqual(counted, [1, 1]);
  });
});
