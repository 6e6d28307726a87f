import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { openTrialStore, quietLog } from "../store/trial-store.fixture.ts";
import type { Store } from "../store/store.ts";
import { ManifestKeeper } from "./manifest-keeper.ts";
import { until } from "./trial-control-plane.fixture.ts";

const assetId = newId("asset", 0);

function manifest(version: number, change: Partial<Manifest> = {}): Manifest {
  const video = {
    ...{ width: 640, height: 360, codec: "h264", frameRate: 24, timeScale: 24_000, ticksPerFrame: 1000 },
    ...{ frames: 144, interlaced: false, pixelFormat: "yuv420p", videoRange: "SDR" as const },
  };
  return {
    ...{ assetId, version, title: "t", complete: false, renditions: [], audio: [], pieces: [], fromChunk: 0 },
    probe: {
      ...{ format: "mp4", durationSeconds: 6, video, audio: [], segments: 1, longestSegmentSeconds: 6 },
      ...{ text: [], chapters: [], warnings: [], damaged: false },
    },
    ...{ releasedChunks: 1, totalChunks: 1, homeNodeIds: [], deleted: false, text: [], extras: [] },
    ...{ edition: 0, previous: [] },
    ...change,
  };
}

describe("manifest keeper", () => {
  let folder: string;
  let store: Store;
  let asked: { assetId: AssetId; haveVersion: number }[];
  let give: (haveVersion: number) => Manifest;
  let keeper: ManifestKeeper;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "manifests-"));
    store = await openTrialStore(folder);
    asked = [];
    give = () => manifest(3);
    const getManifest = (query: { assetId: AssetId; haveVersion: number }): Promise<Manifest> => {
      asked.push(query);
      return Promise.resolve().then(() => give(query.haveVersion));
    };
    keeper = new ManifestKeeper({ store, getManifest, clock: systemClock, log: quietLog });
  });

  afterEach(async () => {
    await keeper[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function hear(version: number, deleted = false): void {
    keeper.hear({ entries: [{ assetId, version, deleted }], complete: false });
  }

  it("fetches a newer version once, and nothing that it has", async () => {
    hear(3);
    hear(3);
    await until("version 3", () => store.getManifest(assetId)?.version === 3);
    hear(2);
    hear(3);
    assert.deepEqual(asked, [{ assetId, haveVersion: 0 }]);
  });

  it("asks again when the control plane could not answer", async () => {
    let failures = 1;
    give = () => {
      failures -= 1;
      if (failures >= 0) throw new VsError("unavailable", "later");
      return manifest(3);
    };
    hear(3);
    await until("version 3", () => store.getManifest(assetId)?.version === 3);
    assert.equal(asked.length, 2);
  });

  it("asks for the whole when a part does not fit what it has", async () => {
    give = (haveVersion) => (haveVersion === 0 ? manifest(5) : manifest(4, { fromChunk: 9, releasedChunks: 10 }));
    await store.keepManifest(manifest(3));
    hear(5);
    await until("version 5", () => store.getManifest(assetId)?.version === 5);
    assert.deepEqual(
      asked.map((query) => query.haveVersion),
      [3, 0],
    );
  });

  it("marks what was deleted, and takes it back when it is undeleted", async () => {
    await store.keepManifest(manifest(3));
    hear(4, true);
    await until("the deletion", () => store.getManifest(assetId)?.deleted === true);
    assert.deepEqual(asked, []);
    give = () => manifest(5);
    hear(5);
    await until("the return", () => store.getManifest(assetId)?.deleted === false);
  });

  it("stops serving what the control plane does not know", async () => {
    await store.keepManifest(manifest(3));
    keeper.forget(assetId);
    await until("the deletion", () => store.getManifest(assetId)?.deleted === true);
  });
});
