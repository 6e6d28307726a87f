import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { DemandMeter } from "./demand-meter.ts";
import { ManualClock } from "./manual-clock.fixture.ts";

const film = newId("asset", 1);
const clip = newId("asset", 2);
const [a, b] = ["a", "b"] as NodeId[] as [NodeId, NodeId];

class Metered {
  readonly clock = new ManualClock();
  readonly meter = new DemandMeter(this.clock);

  /** Measures each five seconds while the nodes say so. */
  pass(seconds: number, said: () => void): ReadonlyMap<string, number> {
    for (let second = 0; second < seconds; second += 5) {
      this.clock.advance(5_000);
      said();
      this.meter.measure();
    }
    return this.meter.measure();
  }
}

function demand(assetId: typeof film, egressBps: number) {
  return [{ assetId, viewers: 1, egressBps }];
}

describe("the demand meter", () => {
  it("comes to the sum of what the nodes say, and is not moved much by a moment", () => {
    const metered = new Metered();
    const say = (): void => {
      metered.meter.hear(a, demand(film, 300_000_000));
      metered.meter.hear(b, demand(film, 100_000_000));
    };
    const early = metered.pass(5, say).get(film) ?? 0;
    assert.ok(early > 0 && early < 100_000_000);
    const late = metered.pass(180, say).get(film) ?? 0;
    assert.ok(Math.abs(late - 400_000_000) < 4_000_000, String(late));
  });

  it("takes a node's newest word only, and forgets one that has not spoken for ten seconds", () => {
    const metered = new Metered();
    metered.pass(180, () => {
      metered.meter.hear(a, demand(film, 100_000_000));
      metered.meter.hear(a, demand(clip, 100_000_000));
    });
    const before = metered.meter.measure();
    assert.deepEqual([...before.keys()], [clip]);
    const after = metered.pass(120, () => undefined).get(clip) ?? 0;
    assert.ok(after < 5_000_000, String(after));
    assert.equal(metered.pass(600, () => undefined).size, 0);
  });

  it("follows a bounded number of assets, the most watched ones", () => {
    const metered = new Metered();
    const nodes = Array.from({ length: 150 }, (_, node) => String(node) as NodeId);
    const ids = nodes.map((node) => Array.from({ length: 20 }, (_, asset) => ({ node, id: newId("asset", asset) })));
    const seen = metered.pass(5, () => {
      for (const [index, node] of nodes.entries()) {
        const said = (ids[index] ?? []).map(({ id }) => ({ assetId: id, viewers: 1, egressBps: 1_000_000 }));
        metered.meter.hear(node, said);
      }
      metered.meter.hear(a, demand(film, 9_000_000));
    });
    assert.equal(seen.size, 2_000);
    assert.equal([...seen.keys()][0], film);
  });
});
