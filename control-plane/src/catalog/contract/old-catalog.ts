// What stands in a catalog that was made when there were the first tables only: a node, and an asset that it holds.
import { newId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Kysely } from "kysely";
import { toJson } from "../json-column.ts";
import { aDescription, aPlan, aProbe, aSource, aTimeline, anAsset, now } from "./builders.ts";

// As they were kept before there were text, images and names.
const oldTarget = { track: 0, language: "en", channels: 2, bitrateBps: 128_000, sampleRate: 48_000 };
const oldPlan = { rungs: aPlan.rungs, audio: [oldTarget], chunks: aPlan.chunks };
const { format, durationSeconds, video, segments, longestSegmentSeconds } = aProbe;
const oldStream = { track: 0, codec: "aac", language: "en", channels: 2, sampleRate: 48_000 };
const oldProbe = { format, durationSeconds, video, audio: [oldStream], segments, longestSegmentSeconds };

type Columns = Record<string, string | number | null>;
type FirstTables = Record<"nodes" | "assets" | "asset_homes" | "pieces" | "replicas", Columns>;

export const oldMigration = "0001-first-tables";

const [nodeId, assetId] = [newId("node", now), newId("asset", now)];
const { sourceSha256, sourceBytes } = anAsset();
const pieces = [aSource({ sourceSha256, sourceBytes }), aTimeline()];
const bytes = pieces.reduce((sum, piece) => sum + bytesOf(piece.content), 0);

export const oldContent = { nodeId, assetId, pieces, bytes } as const;

export async function fillOldCatalog(db: Kysely<FirstTables>): Promise<void> {
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
      ...{ deleted_at: null, state_before_delete: null, home_count: 1, probe: toJson(oldProbe), plan: toJson(oldPlan) },
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
