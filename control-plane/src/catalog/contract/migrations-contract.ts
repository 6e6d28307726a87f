// Contract: a catalog that an older version made, with all that is in it, goes on under this one.
import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Kysely } from "kysely";
import { toJson } from "../json-column.ts";
import { aDescription, aList, aPlan, aProbe, aSource, aTimeline, anAsset, now } from "./builders.ts";
import { decide, isSettled, viewOf } from "./steps.ts";
import type { OpenOldCatalog } from "./under-test.ts";

export function describeMigrations(openOld: OpenOldCatalog): void {
  describe("a catalog with the first tables only", () => {
    const [nodeId, assetId] = [newId("node", now), newId("asset", now)];
    const { sourceSha256, sourceBytes } = anAsset();
    const pieces = [aSource({ sourceSha256, sourceBytes }), aTimeline()];
    const bytes = pieces.reduce((sum, piece) => sum + bytesOf(piece.content), 0);

    async function fill(db: Kysely<FirstTables>): Promise<void> {
      const { name, region, labels, playbackUrl, peerUrl, version, ffmpegVersion, toolchain } = aDescription();
      await db
        .insertInto("nodes")
        .values({
          ...{
            id: nodeId,
            name,
            region,
            labels: toJson(labels),
            health: "up",
            health_since: now,
            scheduling: "active",
          },
          ...{ drain_deadline_at: null, on_deadline: "hold", playback_url: playbackUrl, peer_url: peerUrl, version },
          ...{ ffmpeg_version: ffmpegVersion, toolchain, encode_slots: 2, used_bytes: 1, capacity_bytes: 10 },
          ...{ joined_at: now, last_seen_at: now, certificate_expires_at: now, copies_trusted: 1 },
        })
        .execute();
      await db
        .insertInto("assets")
        .values({
          ...{ id: assetId, title: "Old", state: "ready", labels: toJson({ show: "news" }), external_id: "old" },
          ...{ ladder: "default", replicas_wanted: 1, regions: "[]", priority: 0, source_name: "old.mp4" },
          ...{
            source_sha256: sourceSha256,
            source_bytes: sourceBytes,
            created_at: now,
            playable_at: now,
            ready_at: now,
          },
          ...{ deleted_at: null, state_before_delete: null, home_count: 1, probe: toJson(aProbe), plan: toJson(aPlan) },
          ...{ released_chunks: 0, manifest_version: 4, measured: null, error: null, search_text: "old\nold.mp4" },
        })
        .execute();
      await db.insertInto("asset_homes").values({ asset_id: assetId, node_id: nodeId, position: 0 }).execute();
      for (const { id, content, toolchain } of pieces) {
        const [kind, size] = [content.kind, bytesOf(content)];
        await db
          .insertInto("pieces")
          .values({
            ...{ asset_id: assetId, id, kind, chunk: -1, track: -1, content: toJson(content) },
            ...{ toolchain, made_by: "", bytes: size },
          })
          .execute();
        const copy = { asset_id: assetId, piece_id: id, node_id: nodeId, state: "verified", bytes: size };
        await db
          .insertInto("replicas")
          .values({ ...copy, verified_at: now })
          .execute();
      }
    }

    it("has everything that it had, with what is new at rest", async () => {
      await using opened = await openOld("0001-first-tables", fill);
      const { queries } = opened.catalog;
      const node = await queries.getNode(nodeId);
      assert.deepEqual([node?.zone, node?.health, node?.usedBytes], ["", "up", 1]);
      const view = await viewOf(opened.catalog, assetId);
      const { homes, leavingHomes, homeReasons, pins, extraReplicas, settled, title, plan } = view.asset;
      assert.deepEqual(
        { homes, leavingHomes, homeReasons, pins, extraReplicas, settled, title, plan },
        {
          ...{ homes: [nodeId], leavingHomes: [], homeReasons: {}, pins: [], extraReplicas: 0, settled: true },
          ...{ title: "Old", plan: aPlan },
        },
      );
      assert.deepEqual(view.pieces, pieces);
      const [item] = (await queries.listAssets({ ...aList({ sort: "title" }), search: "OLD" })).items;
      assert.deepEqual([item?.piecesDone, item?.fewestCopies, item?.storedBytes], [2, 1, bytes]);
      const [movable] = await queries.listMovable({ nodeId, limit: 10 });
      assert.deepEqual([movable?.assetId, movable?.bytes], [assetId, bytes]);
      assert.equal(await queries.countMoves(), 0);
    });

    it("goes on with it", async () => {
      await using opened = await openOld("0001-first-tables", fill);
      await decide(opened.catalog, { kind: "set-extra-replicas", assetId, extraReplicas: 1 });
      assert.equal(await isSettled(opened.catalog, assetId), false);
      const { assets } = await opened.catalog.queries.planningSnapshot(now);
      assert.deepEqual(assets[0]?.pieces, pieces);
      const catalog = await opened.reopen();
      assert.equal((await viewOf(catalog, assetId)).asset.extraReplicas, 1);
    });
  });
}

type Columns = Record<string, string | number | null>;
type FirstTables = Record<"nodes" | "assets" | "asset_homes" | "pieces" | "replicas", Columns>;
