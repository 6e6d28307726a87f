// Decisions about an asset itself: its plan, what of it players may have, its state.
import { unreachable } from "@vstream/core/errors.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { isExtra } from "../planning/asset-facts.ts";
import type { Decision } from "../planning/decisions.ts";
import { assetRow, changeAsset } from "./assets.ts";
import { adoptEdition, firstNext, giveUpEdition, setNextPlan } from "./editions.ts";
import { dropHevc } from "./drop-hevc.ts";
import { cancelOpenTask, cancelTasksOf } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { applyExtraReplicas, applyHomes, applyMove } from "./home-decisions.ts";
import { fromJson, toJson, toJsonOrNull } from "./json-column.ts";
import { forgetEditions, retireEdition } from "./kept-editions.ts";
import { dropPiece } from "./pieces.ts";
import { hasLiveCopy } from "./replicas.ts";
import type { AssetState, EncodePlan } from "./records.ts";
import { unsettle } from "./settling.ts";
import { hasSourceOver } from "./source-keeping.ts";
import { planFromJson } from "./stored-media.ts";
import type { AssetRow, Db, PieceRow } from "./tables.ts";
import { openStates } from "./tasks.ts";

type DecisionOf<Kind extends Decision["kind"]> = Extract<Decision, { kind: Kind }>;
type AssetDecision = DecisionOf<
  | "set-homes"
  | "move-home"
  | "set-extra-replicas"
  | "set-plan"
  | "set-next-plan"
  | "drop-hevc"
  | "adopt-edition"
  | "give-up-edition"
  | "retire-edition"
  | "forget-editions"
  | "drop-piece"
  | "release-chunks"
  | "set-asset-state"
  | "set-measured"
>;

export async function applyToAsset(db: Db, decision: AssetDecision, at: number): Promise<void> {
  const asset = await assetRow(db, decision.assetId);
  if (asset === undefined) return;
  switch (decision.kind) {
    case "set-homes":
      await applyHomes(db, asset, decision);
      return;
    case "move-home":
      await applyMove(db, asset, { ...decision, at });
      return;
    case "set-extra-replicas":
      await applyExtraReplicas(db, asset, { ...decision, at });
      return;
    case "set-plan":
      await setPlan(db, asset, decision);
      return;
    case "set-next-plan":
      await setNextPlan(db, asset, decision);
      return;
    case "drop-hevc":
      await dropHevc(db, asset, { ...decision, at });
      return;
    case "adopt-edition":
      await adoptEdition(db, asset, { ...decision, at });
      return;
    case "give-up-edition":
      await giveUpEdition(db, asset, { ...decision, at });
      return;
    case "retire-edition":
      await retireEdition(db, asset, { ...decision, at });
      return;
    case "forget-editions":
      await forgetEditions(db, asset);
      return;
    case "drop-piece":
      await dropIfPossible(db, asset, { ...decision, at });
      return;
    case "release-chunks":
      await releaseChunks(db, asset, decision.releasedChunks);
      return;
    case "set-asset-state":
      await setState(db, asset, { ...decision, at });
      return;
    case "set-measured":
      await changeAsset(db, asset.id, { measured: toJson(decision.measured) }, "visible");
      return;
    default:
      return unreachable(decision);
  }
}

async function setPlan(db: Db, asset: AssetRow, { plan, next }: DecisionOf<"set-plan">): Promise<void> {
  if (asset.plan !== null || asset.probe === null || asset.state !== "processing") return;
  if (lacksSubtitles(asset, plan)) return;
  await changeAsset(db, asset.id, { plan: toJson(plan), ...(next === undefined ? {} : firstNext(asset, next)) });
}

// A file that came since the look: the next plan has it.
function lacksSubtitles(asset: AssetRow, { text }: EncodePlan): boolean {
  const planned = text.flatMap(({ origin, file }) => (origin === "file" ? [file] : []));
  return fromJson(asset.subtitle_files).some(({ number }) => !planned.includes(number));
}

interface Drop {
  readonly pieceId: PieceId;
  readonly reason: string;
  readonly at: number;
}

// Copying of the old piece ends, or it would count as copying of the new one.
async function dropIfPossible(db: Db, asset: AssetRow, { pieceId, reason, at }: Drop): Promise<void> {
  const piece = await db
    .selectFrom("pieces")
    .select(["id", "kind", "chunk", "edition"])
    .where("asset_id", "=", asset.id)
    .where("id", "=", pieceId)
    .executeTakeFirst();
  if (piece === undefined || !(await mayBeDropped(db, asset, piece))) return;
  await cancelCopies(db, asset.id, { pieceId, reason, at });
  await dropPiece(db, asset.id, pieceId);
  await unsettle(db, asset.id);
  const message = `${pieceId} of "${asset.title}" is dropped: ${reason}`;
  await writeEvent(db, { at, kind: "asset.piece_dropped", subject: asset.id, actor: "vstream", message });
}

// What players were given stays; of what the asset can do without, what stands somewhere. It can do without its timeline
// when the source is not kept.
async function mayBeDropped(
  db: Db,
  asset: AssetRow,
  piece: Pick<PieceRow, "id" | "kind" | "chunk" | "edition">,
): Promise<boolean> {
  const isDispensable = isExtra(piece) || (piece.kind === "timeline" && hasSourceOver(asset));
  if (isDispensable) return !(await hasLiveCopy(db, asset.id, piece.id));
  const isGiven = piece.edition <= asset.edition && piece.chunk < asset.released_chunks;
  return piece.kind === "video" && !isGiven;
}

async function cancelCopies(db: Db, assetId: AssetId, { pieceId, reason, at }: Drop): Promise<void> {
  const copies = await db
    .selectFrom("tasks")
    .selectAll()
    .where("asset_id", "=", assetId)
    .where("state", "in", openStates)
    .where("piece_id", "=", pieceId)
    .where("kind", "=", "replicate")
    .execute();
  for (const task of copies) await cancelOpenTask(db, task, { reason, actor: "vstream", at });
}

async function releaseChunks(db: Db, asset: AssetRow, releasedChunks: number): Promise<void> {
  if (asset.plan === null || releasedChunks <= asset.released_chunks) return;
  if (asset.state === "deleting" || asset.state === "failed") return;
  const plan = planFromJson(asset.plan);
  if (releasedChunks > plan.chunks.length) return;
  if ((await countPieces(db, asset, releasedChunks)) < releasedChunks * (1 + plan.audio.length)) return;
  await changeAsset(db, asset.id, { released_chunks: releasedChunks }, "visible");
  await db
    .insertInto("releases")
    .values({ asset_id: asset.id, version: asset.manifest_version + 1, released_chunks: releasedChunks })
    .execute();
}

async function countPieces(db: Db, { id, edition }: AssetRow, beforeChunk: number): Promise<number> {
  const { pieces } = await db
    .selectFrom("pieces")
    .select((eb) => eb.fn.countAll<number>().as("pieces"))
    .where("asset_id", "=", id)
    .where("edition", "=", edition)
    .where("chunk", ">=", 0)
    .where("chunk", "<", beforeChunk)
    .executeTakeFirstOrThrow();
  return pieces;
}

const eventKinds: Partial<Record<AssetState, string>> = {
  processing: "asset.uploaded",
  playable: "asset.playable",
  ready: "asset.ready",
  failed: "asset.failed",
};

async function setState(db: Db, asset: AssetRow, change: DecisionOf<"set-asset-state"> & { at: number }) {
  const { from, to, error, at } = change;
  if (asset.state !== from || to === from) return;
  await changeAsset(
    db,
    asset.id,
    {
      state: to,
      error: toJsonOrNull(error),
      ...(to === "playable" || to === "ready" ? { playable_at: asset.playable_at ?? at } : {}),
      ...(to === "ready" ? { ready_at: asset.ready_at ?? at } : {}),
      // One that never was ready goes on whole, or not at all.
      ...(to === "failed" && asset.ready_at !== null ? { next_edition: null } : {}),
    },
    to === "ready" ? "visible" : "unseen",
  );
  if (to === "failed") await cancelTasksOf(db, asset.id, at, "discard");
  const kind = eventKinds[to] ?? `asset.${to}`;
  const message = `"${asset.title}" is ${to}${error === null ? "" : `: ${error.message}`}`;
  await writeEvent(db, { at, kind, subject: asset.id, actor: "vstream", message });
}
