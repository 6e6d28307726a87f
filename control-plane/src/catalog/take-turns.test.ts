import assert from "node:assert/strict";
import fc from "fast-check";
import type { AssetId } from "@vstream/core/ids.ts";
import { takeTurns } from "./take-turns.ts";
import type { Urgency, Waiting } from "./take-turns.ts";

const limit = { assets: 20, pieces: 400 };

function id(index: number): AssetId {
  return `asset-${String(index).padStart(5, "0")}` as AssetId;
}

function some(count: number, urgency: Urgency, pieces = 1): Waiting[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${urgency}-${id(index)}` as AssetId, urgency, pieces }));
}

const anybody = fc
  .array(
    fc.record({
      urgency: fc.constantFrom<Urgency>("awaited", "scarce", "none"),
      pieces: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 300, max: 2_000 })),
    }),
    { maxLength: 300 },
  )
  .map((assets) => assets.map((asset, index): Waiting => ({ ...asset, id: id(index) })));

/** As many turns as a round takes at most: each takes a quarter of the assets, and each two of the pieces. */
function turnsOfARound(waiting: readonly Waiting[]): number {
  const pieces = waiting.reduce((sum, asset) => sum + asset.pieces, 0);
  return 1 + Math.ceil(waiting.length / (limit.assets / 4)) + 2 * Math.ceil(pieces / (limit.pieces / 4));
}

describe("taking turns", () => {
  it("comes to everybody within one round, whatever is urgent and however large others are", () => {
    fc.assert(
      fc.property(anybody, fc.nat({ max: 400 }), (waiting, start) => {
        const seen = new Set<AssetId>();
        let cursor: AssetId | null = id(start);
        for (let turn = 0; turn < turnsOfARound(waiting); turn += 1) {
          const taken = takeTurns(waiting, limit, cursor);
          for (const one of taken.ids) seen.add(one);
          cursor = taken.cursor;
        }
        assert.deepEqual([...seen].sort(), waiting.map((asset) => asset.id).sort());
      }),
    );
  });

  it("takes no more than its limit, but for one large asset of each part, and nobody twice", () => {
    fc.assert(
      fc.property(anybody, fc.nat({ max: 400 }), (waiting, start) => {
        const { ids } = takeTurns(waiting, limit, id(start));
        assert.equal(new Set(ids).size, ids.length);
        assert.ok(ids.length <= limit.assets);
        const sizes = ids
          .map((taken) => waiting.find((asset) => asset.id === taken)?.pieces ?? 0)
          .sort((a, b) => a - b);
        const withoutLargest = sizes.slice(0, -3).reduce((sum, size) => sum + size, 0);
        assert.ok(withoutLargest <= limit.pieces * 1.25, `${withoutLargest} pieces`);
      }),
    );
  });

  it("has the first of what is awaited, and of what is scarce, each time", () => {
    const waiting = [...some(100, "awaited"), ...some(100, "scarce"), ...some(100, "none")];
    for (const cursor of [null, id(50)]) {
      const { ids } = takeTurns(waiting, limit, cursor);
      const first = (urgency: Urgency, count: number) => some(count, urgency).map((asset) => asset.id);
      assert.deepEqual(ids.slice(0, 15), [...first("awaited", 10), ...first("scarce", 5)]);
      assert.equal(ids.length, 20);
    }
  });

  it("leaves to the round what nothing urgent needs", () => {
    assert.equal(takeTurns([...some(2, "awaited"), ...some(100, "none")], limit, null).ids.length, 20);
    assert.deepEqual(takeTurns([], limit, id(3)), { ids: [], cursor: id(3) });
  });
});
