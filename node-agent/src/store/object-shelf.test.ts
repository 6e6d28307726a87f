import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import { makeFolders } from "./housekeeping.ts";
import { ObjectIntake } from "./object-intake.ts";
import { buildShelves } from "./shelves.ts";
import { neverAborted, quietLog, trialFolder } from "./trial-store.fixture.ts";

describe("the shelf of objects", () => {
  it("gives an object's space back though its file cannot be taken away", async () => {
    await using folder = await trialFolder();
    const options = { dataDir: folder.path, capacityBytes: 1_000_000, log: quietLog, clock: systemClock };
    const shelves = buildShelves(options, neverAborted);
    await makeFolders(shelves.layout);
    const { sha256 } = await new ObjectIntake(shelves).putBytes(Buffer.alloc(1000));
    assert.equal(shelves.space.usage.usedBytes, 1000);
    const fail = (): Promise<void> => Promise.reject(new Error("the disk does not let go of it"));
    await assert.rejects(
      shelves.objects.remove(sha256, () => true, fail),
      /does not let go/,
    );
    assert.deepEqual([shelves.objects.sizeOf(sha256), shelves.space.usage.usedBytes], [null, 0]);
  });
});
