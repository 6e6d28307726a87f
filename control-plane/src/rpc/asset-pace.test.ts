import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import { AssetPace } from "./asset-pace.ts";
import type { RawProgress } from "./asset-progress.ts";

const id = newId("asset", 1);
let nowMs = 0;
const clock = { monotonicMs: () => nowMs };

function raw(changes: Partial<RawProgress>): RawProgress {
  return { progress: 0.5, step: "encoding", nextProgress: 0, speed: 2, secondsLeft: 30, ...changes };
}

describe("how an asset gets on, as it is shown", () => {
  beforeEach(() => {
    nowMs = 0;
  });

  it("never goes back, though a task that was lost begins again", () => {
    const pace = new AssetPace(clock);
    const shown = [0.2, 0.6, 0.4, 0.7].map((progress) => pace.follow(id, raw({ progress })).progress);
    assert.deepEqual(shown, [0.2, 0.6, 0.6, 0.7]);
    const next = [0.2, 0.6, 0.4].map((nextProgress) => pace.follow(id, raw({ nextProgress })).nextProgress);
    assert.deepEqual(next, [0.2, 0.6, 0.6]);
  });

  it("begins anew for a source that has to come again, and after the asset was at rest", () => {
    const pace = new AssetPace(clock);
    pace.follow(id, raw({ progress: 0.9 }));
    assert.equal(pace.follow(id, raw({ progress: 0 })).progress, 0);
    pace.follow(id, raw({ progress: 0.9 }));
    assert.equal(pace.forget(id, raw({ progress: 0, step: "failed", speed: 0, secondsLeft: null })).progress, 0);
    assert.equal(pace.follow(id, raw({ progress: 0.3 })).progress, 0.3);
  });

  it("says how long it takes by an even speed, at once by the first that is known", () => {
    const pace = new AssetPace(clock);
    assert.deepEqual(pace.follow(id, raw({ speed: 0 })), { ...shown(0.5), speed: 0, leftMs: -1 });
    assert.deepEqual(pace.follow(id, raw({ speed: 3 })), { ...shown(0.5), speed: 3, leftMs: 10_000 });
    nowMs += 1_000;
    const { speed, leftMs } = pace.follow(id, raw({ speed: 0 }));
    assert.ok(speed > 2.6 && speed < 2.8, `${speed}`);
    assert.equal(leftMs, Math.round(30_000 / speed));
    nowMs += 600_000;
    assert.deepEqual(pace.follow(id, raw({ speed: 0 })), { ...shown(0.5), speed: 0, leftMs: -1 });
  });

  it("does not know what is left before there is a film, and leaves nothing when all is encoded", () => {
    const pace = new AssetPace(clock);
    assert.equal(pace.follow(id, raw({ secondsLeft: null })).leftMs, -1);
    assert.deepEqual(pace.follow(id, raw({ secondsLeft: 0 })), { ...shown(0.5), speed: 0, leftMs: 0 });
  });

  it("remembers a limited number of assets", () => {
    const pace = new AssetPace(clock);
    pace.follow(id, raw({ progress: 0.9 }));
    for (let other = 2; other < 1_100; other += 1) pace.follow(newId("asset", other), raw({}));
    assert.equal(pace.follow(id, raw({ progress: 0.1 })).progress, 0.1);
  });
});

function shown(progress: number) {
  return { progress, step: "encoding", nextProgress: 0 };
}
