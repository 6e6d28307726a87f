// Files on a home's disk go bad: found by whoever reads them first, served from elsewhere meanwhile, made again. What
// is bad everywhere is made again from the source, or said to be lost; nobody ever gets wrong bytes.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  assertUnnoticed,
  homesOf,
  tasksOf,
  untilCopiesAreOld,
  untilWhole,
  videoSegments,
} from "../cluster/asset-checks.ts";
import type { NamedSegment } from "../cluster/asset-checks.ts";
import { Bed, needsBed } from "../cluster/bed.ts";
import { eventually } from "../cluster/cluster.ts";
import type { AssetJson, ClusterNode, IngestJson } from "../cluster/cluster.ts";
import { cutFile, flipByte, hashOfFile, objectFile, swapFiles } from "../cluster/damage.ts";
import { shortClip } from "../cluster/repository.ts";

type Files = readonly [string, string];
type Damage = (files: Files) => Promise<void>;

const damages: Readonly<Record<string, Damage>> = {
  "a turned bit": async ([file]) => {
    await flipByte(file);
  },
  "a file that lost its end": async ([file]) => {
    await cutFile(file);
  },
  "two files with each other's content": async ([one, other]) => {
    await swapFiles(one, other);
  },
};

describe("damaged files", function () {
  this.timeout(180_000);
  let bed: Bed;
  let asset: AssetJson;
  let homes: ClusterNode[];
  let segments: NamedSegment[];

  before(function () {
    needsBed(this);
  });
  beforeEach(async () => {
    bed = await Bed.start();
    const ingested = await bed.ingest<IngestJson>(shortClip);
    asset = ingested.asset;
    homes = (await homesOf(bed, asset.id)).map((id) => bed.node(id));
    segments = await videoSegments(ingested.playback.hls[0] ?? "");
    assert.ok(segments.length >= 2 && homes.length === 2);
  });
  afterEach(async () => {
    await bed[Symbol.asyncDispose]();
  });

  function filesOn(home: ClusterNode): Files {
    const [one = "", other = ""] = segments.map(({ sha256 }) => objectFile(home.dataDir, sha256));
    return [one, other];
  }

  /** Asks a home for every segment; fails on anything but the right bytes, or an error where that is allowed. */
  async function readAll(home: ClusterNode, errorsAllowed = false): Promise<void> {
    for (const { path, sha256 } of segments) {
      const response = await fetch(home.playbackUrl + path);
      // One that is cut off before its end is an error too: what came does not count.
      const bytes = await response.bytes().catch(() => null);
      if (errorsAllowed && (response.status >= 400 || bytes === null)) continue;
      assert.equal(response.status, 200, home.playbackUrl + path);
      assert.ok(bytes !== null, `${home.playbackUrl}${path} was cut off`);
      assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256, "the bytes are those of the name");
    }
  }

  async function untilRepaired(damaged: readonly ClusterNode[], limitMs = 60_000): Promise<void> {
    for (const home of damaged) {
      for (const { sha256 } of segments) {
        const file = objectFile(home.dataDir, sha256);
        const isRight = async (): Promise<true | undefined> => ((await hashOfFile(file)) === sha256 ? true : undefined);
        await eventually(`${sha256} to be right again on ${home.name}`, isRight, limitMs);
      }
    }
    const after = await untilWhole(bed, asset.id);
    assert.equal(after.state, "ready");
  }

  for (const [title, damage] of Object.entries(damages)) {
    it(`(${title}) on one copy are found when they are read, served from elsewhere, and made again`, async () => {
      const [home] = homes as [ClusterNode];
      await damage(filesOn(home));
      for (let round = 0; round < 2; round += 1) await readAll(home);
      await untilRepaired([home]);
      await readAll(home);
    });

    it(`(${title}) on one copy are found by the scrub, though nobody reads them`, async () => {
      const [home] = homes as [ClusterNode];
      // Some damage is found already when the store is opened.
      await untilCopiesAreOld();
      await bed.stop(home.name);
      await damage(filesOn(home));
      // A pass in a few seconds instead of in two weeks.
      await bed.start(home.name, { scrubDays: 0.0001 });
      await untilRepaired([home]);
      const shown = await bed.json<{ scrub: { damagedFound: number } | null }>("nodes", "show", home.name);
      assert.ok((shown.scrub?.damagedFound ?? 0) >= 1, JSON.stringify(shown.scrub));
    });

    it(`(${title}) on one copy are found by a verification, which says where`, async () => {
      const [home] = homes as [ClusterNode];
      await damage(filesOn(home));
      const verified = await bed.vsctl("assets", "verify", asset.id);
      assert.equal(verified.code, 1, verified.stdout + verified.stderr);
      assert.ok((verified.stdout + verified.stderr).includes(home.name), verified.stdout);
      await untilRepaired([home]);
      assert.equal((await bed.vsctl("assets", "verify", asset.id)).code, 0, "all is well again");
    });

    it(`(${title}) on all copies are made again from the source, and nobody sees wrong bytes`, async () => {
      for (const home of homes) await damage(filesOn(home));
      for (const home of homes) await readAll(home, true);
      await eventually("an encode of it", async () => {
        const again = (await tasksOf(bed, asset.id)).filter(({ kind }) => kind === "transcode");
        return again.length > 1 ? true : undefined;
      });
      await untilRepaired(homes);
      for (const home of homes) await readAll(home);
    });
  }

  it("on all copies, with the source gone bad as well, are reported; nobody sees wrong bytes", async () => {
    const source = await sourceHash();
    for (const home of homes) {
      await flipByte(objectFile(home.dataDir, source));
      await flipByte(filesOn(home)[0]);
    }
    for (const home of homes) await readAll(home, true);
    const lost = await eventually("the loss to be told", async () => {
      const after = await bed.json<AssetJson>("assets", "show", asset.id);
      return after.error === null ? undefined : after;
    });
    assert.deepEqual([lost.state, lost.error?.code], ["failed", "object_missing"]);
    for (const home of homes) await readAll(home, true);
  });

  it("are noticed by no viewer", async () => {
    const ingested = await bed.ingest<IngestJson>();
    const [first = ""] = ingested.playback.hls;
    const home = bed.state.nodes.find(({ playbackUrl }) => first.startsWith(playbackUrl));
    assert.ok(home !== undefined);
    await using crowd = await bed.watch({
      ...{ viewers: 6, urls: ingested.playback.hls, follows: "homes", startWithinMs: 5_000 },
    });
    for (const { sha256 } of await videoSegments(first)) await flipByte(objectFile(home.dataDir, sha256));
    await eventually(
      "two playings more",
      () => (crowd.reports.every(({ playbacks }) => playbacks >= 3) ? true : undefined),
      90_000,
    );
    assertUnnoticed(await crowd.stop(), 1_000);
    await untilWhole(bed, ingested.asset.id);
  });

  async function sourceHash(): Promise<string> {
    const shown = await bed.json<{ sourceSha256: string }>("assets", "show", asset.id);
    return shown.sourceSha256;
  }
});
