// The last task before an asset is ready: what is encoded is held against the authoring rules. A rule that must hold
// and is broken fails the asset. A check that cannot be made is given up, unless the fault lies with nodes or the network:
// a fault of the checker costs no asset.
import { errorKinds } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { CheckReport } from "@vstream/core/media.ts";
import type { AssetRecord, TaskRecord } from "../catalog/records.ts";
import { copiesOf, openTask, ownPieces } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Decision } from "./decisions.ts";
import { newTask } from "./new-task.ts";

export type CheckStep =
  /** Nothing is known yet. */
  | { readonly kind: "open"; readonly decisions: readonly Decision[] }
  /** No rule that must hold is broken, or it cannot be told. */
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly failure: Failure };

export interface CheckGround {
  /** All that the finished asset is to consist of. */
  readonly pieces: readonly PieceId[];
  readonly homes: readonly NodeId[];
  /** Whether there are as many copies of all of it as wanted. */
  readonly isCovered: boolean;
}

/** To be asked when all of the asset is released and measured. */
export function planCheck(facts: AssetFacts, { pieces, homes, isCovered }: CheckGround): CheckStep {
  const { asset, view } = facts;
  const pieceId = checkedAs(asset);
  if (openTask(facts, { kind: "check", pieceId }) !== undefined) return { kind: "open", decisions: [] };
  const failure = asset.check === null ? null : ruleBroken(asset, asset.check);
  if (failure !== null) return { kind: "failed", failure };
  const dead = view.deadTasks.filter((task) => task.kind === "check" && task.pieceId === pieceId);
  if (asset.check !== null || dead.some(isGivenUp)) return { kind: "passed" };
  const isMade = pieces.every((pieceId) => facts.pieces.has(pieceId));
  // Where all of it stands nothing has to be fetched, and one of the homes is soon such a place.
  const checked = checkedPieces(facts);
  const standsTogether = homes.some((home) => checked.every((pieceId) => copiesOf(facts, pieceId).includes(home)));
  if (!isMade || !(standsTogether || isCovered)) return { kind: "open", decisions: [] };
  const rank = asset.plan?.chunks.length ?? 0;
  return { kind: "open", decisions: [newTask(asset, { kind: "check", pieceId, rank, notBefore: retryTime(dead) })] };
}

// What a node or the network was in the way of is tried again, as copies are. A fault of the checker would only come
// again, and so would a check that takes too long.
const deadCheckRetryMs = 30_000;

function isGivenUp({ error }: TaskRecord): boolean {
  return error === null || error.code === "timed_out" || !errorKinds[error.code].retryable;
}

function retryTime(dead: readonly TaskRecord[]): number {
  return Math.max(0, ...dead.map(({ finishedAt }) => (finishedAt ?? 0) + deadCheckRetryMs));
}

// A later edition's is named for its first piece.
function checkedAs({ edition }: AssetRecord): PieceId | "" {
  return edition === 0 ? "" : videoPieceId(0, edition);
}

/** What a check reads. */
export function checkedPieces(facts: Pick<AssetFacts, "pieces" | "asset">): PieceId[] {
  const read = ["video", "audio", "text"];
  return ownPieces(facts)
    .filter(({ content }) => read.includes(content.kind))
    .map(({ id }) => id);
}

/** Null: no rule that must hold is broken. */
export function ruleBroken({ id }: Pick<AssetRecord, "id">, { findings }: CheckReport): Failure | null {
  const broken = findings.filter(({ level }) => level === "must");
  const [first] = broken;
  if (first === undefined) return null;
  const others = new Set(broken.map(({ rule }) => rule)).size - 1;
  const more = others === 0 ? "" : ` (and ${others} more)`;
  return {
    code: "authoring_rule_broken",
    message: `what was encoded of ${id} breaks the rule ${first.rule}${more}, in ${first.subject}: ${first.message}`,
    hint: `See all findings with: vsctl assets show ${id}; after an upgrade the dead check can be retried: vsctl tasks list --asset ${id}`,
  };
}
