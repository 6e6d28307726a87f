// Nobody decides: the control plane is gone while people watch, and a home dies too.
import assert from "node:assert/strict";
import { assertUnnoticed, untilWhole } from "../cluster/asset-checks.ts";
import { Bed, control, needsBed } from "../cluster/bed.ts";
import { eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";

describe("without a control plane", function () {
  this.timeout(240_000);
  before(function () {
    needsBed(this);
  });

  for (const follows of ["homes", "pathways"] as const) {
    it(`viewers who follow ${follows} play on, and past the death of the home that they watch too`, async () => {
      await using bed = await Bed.start();
      const { asset, playback } = await bed.ingest<IngestJson>();
      const home = bed.state.nodes.find(({ playbackUrl }) => playback.hls[0]?.startsWith(playbackUrl));
      assert.ok(home !== undefined);
      await using crowd = await bed.watch({ viewers: 20, urls: playback.hls, follows, startWithinMs: 30_000 });
      await bed.kill(control);
      await new Promise((wake) => setTimeout(wake, 15_000));
      await bed.kill(home.name);
      const before = crowd.reports.map(({ playbacks }) => playbacks);
      await eventually(
        "everybody to begin anew",
        () => (crowd.reports.every(({ playbacks }, index) => playbacks > (before[index] ?? 0)) ? true : undefined),
        60_000,
      );
      await bed.start(control);
      await bed.start(home.name);
      await bed.until(home.name, { health: "up" });
      await untilWhole(bed, asset.id);
      assertUnnoticed(await crowd.stop(), 1_000);
    });
  }
});
