// How far what is wrong or missing of an asset has been made again: piece by piece, from what the catalog says. Pure.
import { VsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { audioTrackOf, sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { ObjectRef, Piece } from "@vstream/core/media.ts";
import type { AssetView, NodeRecord, ReplicaRecord, TaskRecord } from "../../catalog/records.ts";
import { isExtra, isOfOther, isOver, makesOther } from "../../planning/asset-facts.ts";
import { isSchedulable } from "../../planning/cluster.ts";
import { sourceLost } from "../../planning/fail-asset.ts";
import { isForEveryHome } from "../../planning/keep-source.ts";
import { makesSomething } from "../../planning/plan-making.ts";
import { whyNotCopied } from "./why-not-copied.ts";

export interface RebuildFacts {
  readonly view: AssetView;
  /** Those that exist. */
  readonly nodes: ReadonlyMap<NodeId, NodeRecord>;
  /** What its pieces consisted of at first. */
  readonly before: ReadonlyMap<PieceId, readonly ObjectRef[]>;
  /** Tasks of the asset that succeeded since then. */
  readonly succeeded: readonly TaskRecord[];
  /** Until all copies are read again, more may turn out wrong. */
  readonly isVerified: boolean;
}

export interface RebuiltPiece {
  readonly pieceId: PieceId;
  readonly state: "waiting" | "copying" | "encoding" | "copied" | "encoded" | "failed";
  /** The task that makes it. */
  readonly made: TaskRecord | null;
  readonly objects: readonly ObjectRef[];
  readonly sameBytes: boolean;
  readonly failure: Failure | null;
}

/** Pieces that were there once and are not as they should be. */
export function lackingPieces({ view, nodes }: Pick<RebuildFacts, "view" | "nodes">): PieceId[] {
  const ids = view.pieces.map(({ id }) => id).filter((id) => isKept(view, id));
  return ids.filter((pieceId) => !isWhole(pieceId, { view, nodes }));
}

/** Not of a source that was not to be kept, nor of another edition than the one that viewers get. */
export function isKept({ asset }: Pick<AssetView, "asset">, pieceId: PieceId): boolean {
  return !isOver(asset, pieceId) && !isOfOther(pieceId, asset);
}

export function rebuiltPiece(pieceId: PieceId, facts: RebuildFacts): RebuiltPiece {
  const { view, before, succeeded } = facts;
  const objects = objectsIn(view.pieces, pieceId);
  const working = { pieceId, objects, sameBytes: false, failure: null };
  const made = succeeded.find((task) => makes(task, pieceId)) ?? null;
  if (isWhole(pieceId, facts)) {
    const sameBytes = made !== null && isSame(before.get(pieceId) ?? [], objects);
    return { ...working, state: made === null ? "copied" : "encoded", made, sameBytes };
  }
  const making = view.openTasks.find((task) => makes(task, pieceId));
  if (making !== undefined)
    return { ...working, state: making.state === "leased" ? "encoding" : "waiting", made: making };
  const uncopied = facts.isVerified ? whyUncopied(pieceId, facts) : null;
  if (uncopied !== null) return { ...working, state: "failed", made, failure: uncopied };
  const isCopying = view.openTasks.some((task) => task.kind === "replicate" && task.pieceId === pieceId);
  if (isCopying) return { ...working, state: "copying", made };
  const failure = facts.isVerified ? whyNever(pieceId, facts) : null;
  return { ...working, state: failure === null ? "waiting" : "failed", made, failure };
}

// On every home that takes copies, or as often as wanted: a node that is away is not waited for.
function isWhole(pieceId: PieceId, { view, nodes }: Pick<RebuildFacts, "view" | "nodes">): boolean {
  const holders = holdersOf(pieceId, { view, nodes });
  if (!isForEveryHome(view.asset, pieceId)) return holders.length > 0;
  const takers = takersOf({ view, nodes });
  const isOften = holders.length >= view.asset.replicasWanted;
  return holders.length > 0 && (isOften || takers.every((nodeId) => holders.includes(nodeId)));
}

function takersOf({ view: { asset }, nodes }: Pick<RebuildFacts, "view" | "nodes">): NodeId[] {
  return asset.homes.filter((nodeId) => isSchedulable(nodes.get(nodeId)) && !asset.leavingHomes.includes(nodeId));
}

// Of a piece of which there is a copy, but not enough.
function whyUncopied(pieceId: PieceId, facts: RebuildFacts): Failure | null {
  const isHolder = (nodeId: NodeId, id: PieceId): boolean => holdersOf(id, facts).includes(nodeId);
  if (holdersOf(pieceId, facts).length === 0) return null;
  const takers = takersOf(facts).filter((nodeId) => !isHolder(nodeId, pieceId));
  return whyNotCopied(pieceId, { view: facts.view, nodes: facts.nodes, takers, isHolder });
}

function holdersOf(pieceId: PieceId, { view, nodes }: Pick<RebuildFacts, "view" | "nodes">): NodeId[] {
  const copies = copiesIn(view).get(pieceId) ?? [];
  return copies.map(({ nodeId }) => nodeId).filter((nodeId) => (nodes.get(nodeId)?.health ?? "down") !== "down");
}

/** Grouped once for each view: a long film has thousands of pieces, and is asked about each. */
const grouped = new WeakMap<AssetView, ReadonlyMap<PieceId, ReplicaRecord[]>>();

function copiesIn(view: AssetView): ReadonlyMap<PieceId, readonly ReplicaRecord[]> {
  const known = grouped.get(view);
  if (known !== undefined) return known;
  const verified = view.replicas.filter(({ state }) => state === "verified");
  const copies = Map.groupBy(verified, ({ pieceId }) => pieceId);
  grouped.set(view, copies);
  return copies;
}

/** null: it is still to be hoped for. */
function whyNever(pieceId: PieceId, facts: RebuildFacts): Failure | null {
  const { view, nodes } = facts;
  const { asset } = view;
  if (holdersOf(pieceId, facts).length > 0) return null;
  if (asset.state === "failed") return asset.error;
  const mayReturn = (id: PieceId): boolean =>
    view.replicas.some(({ pieceId: held, nodeId, state }) => held === id && state !== "lost" && nodes.has(nodeId));
  if (mayReturn(pieceId)) return null;
  if (holdersOf(sourcePieceId, facts).length === 0 && !mayReturn(sourcePieceId)) return sourceLost(asset);
  // One dead task of what viewers get holds up all of it.
  const isExtraPiece = view.pieces.some(({ id, content }) => id === pieceId && isExtra(content));
  const dead = view.deadTasks
    .filter((task) => !makesOther(task, asset))
    .find((task) => (isExtraPiece ? makes(task, pieceId) : makesSomething(task)));
  return dead === undefined ? null : (dead.error ?? unexplained(dead));
}

function unexplained(task: TaskRecord): Failure {
  const message = `the ${task.kind} task ${task.id} failed`;
  return new VsError("internal", message, { hint: `See why: vsctl tasks logs ${task.id}` }).toFailure();
}

// One encode makes all of a track.
function makes({ kind, pieceId: made }: TaskRecord, pieceId: PieceId): boolean {
  if (kind === "probe") return pieceId === timelinePieceId;
  if (made === "") return false;
  if (kind === "audio") return audioTrackOf(pieceId) !== null && audioTrackOf(pieceId) === audioTrackOf(made);
  return (kind === "transcode" || kind === "text" || kind === "images") && made === pieceId;
}

export function objectsIn(pieces: readonly Piece[], pieceId: PieceId): ObjectRef[] {
  const piece = pieces.find(({ id }) => id === pieceId);
  return piece === undefined ? [] : objectsOf(piece.content);
}

function isSame(before: readonly ObjectRef[], now: readonly ObjectRef[]): boolean {
  return now.length > 0 && now.length === before.length && now.every(({ sha256 }, at) => sha256 === before[at]?.sha256);
}
