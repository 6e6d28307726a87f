import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { LoadMeter } from "./load-meter.ts";
import { HeldClock } from "./trial-serving.fixture.ts";

const [film, clip] = [newId("asset", 1), newId("asset", 2)];

function openMeter(): { meter: LoadMeter; clock: HeldClock } {
  const clock = new HeldClock();
  return { meter: new LoadMeter(clock), clock };
}

describe("the load meter", () => {
  it("counts an address once for each asset, until it has asked for nothing for half a minute", () => {
    const { meter, clock } = openMeter();
    meter.sawViewer("10.0.0.1", film);
    meter.sawViewer("10.0.0.1", film);
    meter.sawViewer("10.0.0.1", clip);
    meter.sawViewer("10.0.0.2", film);
    assert.equal(meter.load().viewers, 3);
    clock.nowMs += 29_000;
    meter.sawViewer("10.0.0.2", film);
    clock.nowMs += 2_000;
    assert.equal(meter.load().viewers, 1);
    assert.deepEqual(meter.demand(), [{ assetId: film, viewers: 1, egressBps: 0 }]);
  });

  it("averages what was sent over five seconds, in all and for each asset that is watched", () => {
    const { meter, clock } = openMeter();
    meter.sawViewer("10.0.0.1", film);
    meter.sent(1000, film);
    clock.nowMs += 3_000;
    meter.sent(500, film);
    meter.sent(250, null);
    assert.equal(meter.load().egressBps, (1750 * 8) / 5);
    assert.equal(meter.demand()[0]?.egressBps, (1500 * 8) / 5);
    clock.nowMs += 3_000;
    assert.equal(meter.load().egressBps, (750 * 8) / 5);
    clock.nowMs += 60_000;
    assert.equal(meter.load().egressBps, 0);
  });

  it("names the twenty most watched assets, most viewers first", () => {
    const { meter } = openMeter();
    const assets = Array.from({ length: 30 }, (_, index): AssetId => newId("asset", index));
    assets.forEach((assetId, index) => {
      for (let viewer = 0; viewer <= index; viewer += 1) meter.sawViewer(`10.0.0.${String(viewer)}`, assetId);
    });
    assert.deepEqual(
      meter.demand().map(({ assetId, viewers }) => [assetId, viewers]),
      assets
        .map((assetId, index) => [assetId, index + 1])
        .toReversed()
        .slice(0, 20),
    );
  });

  it("tells since when no viewer asked, from its start on", () => {
    const { meter, clock } = openMeter();
    clock.nowMs += 4_000;
    assert.equal(meter.load().viewersQuietMs, 4_000);
    meter.sawViewer("10.0.0.1", film);
    clock.nowMs += 700;
    assert.equal(meter.load().viewersQuietMs, 700);
  });

  it("counts the connections that are open", () => {
    const { meter } = openMeter();
    meter.connectionOpened();
    meter.connectionOpened();
    meter.connectionClosed();
    assert.equal(meter.load().connections, 1);
  });

  it("keeps no more viewers than its limit, however many addresses there are", () => {
    const { meter } = openMeter();
    for (let viewer = 0; viewer < 50_100; viewer += 1) {
      meter.sawViewer(`viewer ${String(viewer)}`, viewer < 100 ? clip : film);
    }
    assert.equal(meter.load().viewers, 50_000);
    assert.deepEqual(meter.demand(), [{ assetId: film, viewers: 50_000, egressBps: 0 }]);
  });
});
