// Fifty people watch while one of two homes is lost, in three ways. All of them began at that home.
import assert from "node:assert/strict";
import { assertUnnoticed } from "../cluster/asset-checks.ts";
import { Bed, needsBed } from "../cluster/bed.ts";
import type { ClusterNode, IngestJson } from "../cluster/cluster.ts";
import type { Crowd } from "../cluster/crowd.ts";

const viewers = 50;
/** As long as a playing of the clip, so that some are at every point of it when it happens. */
const startWithinMs = 30_000;
const watchedAfterMs = 45_000;

interface Loss {
  readonly title: string;
  readonly longestStallMs: number;
  readonly happens: (bed: Bed, home: ClusterNode) => Promise<void>;
}

const losses: readonly Loss[] = [
  { title: "killed", longestStallMs: 1_000, happens: (bed, { name }) => bed.kill(name) },
  {
    title: "behind a wire that swallows everything",
    longestStallMs: 3_000,
    happens: (bed, { name }) => {
      bed.network.blackHole(name);
      return Promise.resolve();
    },
  },
  {
    title: "drained and stopped",
    longestStallMs: 1_000,
    happens: async (bed, { name }) => {
      const drained = await bed.vsctl("nodes", "drain", name, "--wait", "--yes");
      assert.equal(drained.code, 0, drained.stderr);
      await bed.stop(name);
    },
  },
];

describe(`${viewers} viewers of an asset with two homes`, function () {
  this.timeout(300_000);
  let bed: Bed;
  let ingested: IngestJson;

  before(function () {
    needsBed(this);
  });
  beforeEach(async () => {
    bed = await Bed.start();
    ingested = await bed.ingest<IngestJson>();
  });
  afterEach(async () => {
    await bed[Symbol.asyncDispose]();
  });

  for (const { title, longestStallMs, happens } of losses) {
    for (const follows of ["homes", "pathways"] as const) {
      it(`who follow ${follows} play on while one is ${title}`, async () => {
        const urls = ingested.playback.hls;
        const home = bed.state.nodes.find(({ playbackUrl }) => urls[0]?.startsWith(playbackUrl));
        assert.ok(home !== undefined && urls.length === 2);
        await using crowd: Crowd = await bed.watch({ viewers, urls, follows, startWithinMs });
        await happens(bed, home);
        await new Promise((wake) => setTimeout(wake, watchedAfterMs));
        const reports = await crowd.stop();
        // What only a black hole costs a player that does not know us is its own patience.
        assertUnnoticed(reports, follows === "homes" ? longestStallMs : longestStallMs + 10_000);
      });
    }
  }
});
