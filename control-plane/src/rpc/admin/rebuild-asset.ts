// Has what is wrong or missing of an asset made again, and tells how far that is until all of it is whole or is known to
// be lost. The work itself is what planning decides anyway once the copies are known to be bad; here it is started,
// followed, and proved by the hashes.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, PieceId, TaskId } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import type { PieceRebuild, RebuildAssetRequest, RebuildAssetResponse } from "@vstream/proto/admin.ts";
import type { AssetView, NodeRecord, TaskRecord } from "../../catalog/records.ts";
import { allNodes } from "../../control-loop/all-nodes.ts";
import { isExtra, makesOther } from "../../planning/asset-facts.ts";
import { makesSomething } from "../../planning/plan-making.ts";
import type { CallContext } from "../answered-call.ts";
import type { User } from "../caller.ts";
import * as check from "../wire/checks.ts";
import { failureToWire } from "../wire/failures.ts";
import { objectToWire } from "../wire/objects.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { isKept, lackingPieces, rebuiltPiece } from "./rebuild-pieces.ts";
import type { RebuildFacts, RebuiltPiece } from "./rebuild-pieces.ts";
import { startVerification, watchAssetOnly } from "./verify-asset.ts";

/** Many more than can end between two looks. */
const endedTasks = 500;

type Deps = Pick<AdminDeps, "catalog" | "clock" | "loop">;

export async function* rebuildAsset(
  deps: Deps,
  request: RebuildAssetRequest,
  { caller, signal }: CallContext<User>,
): AsyncGenerator<RebuildAssetResponse> {
  const assetId = check.assetId(request.id);
  using changes = watchAssetOnly(deps, assetId, signal);
  const startedAt = request.since === 0 ? deps.clock.now() : check.integer(request.since, "since", check.tickCount);
  const rebuild = new Rebuild(deps, assetId, startedAt);
  await rebuild.begin(caller);
  const verification = await startVerification(deps, assetId, caller);
  let sent = "";
  for (;;) {
    const { copies, done: isVerified } = await verification.look();
    for (const { badPieceIds } of copies) for (const id of badPieceIds) rebuild.add(check.pieceId(id));
    const { pieces, copiesMade } = await rebuild.look(isVerified);
    const done = isVerified && pieces.every(({ state }) => endStates.includes(state));
    const seen = JSON.stringify([copies, pieces]);
    if (done || seen !== sent) yield { startedAt, copies, pieces, copiesMade, done };
    if (done) return;
    sent = seen;
    await changes.next();
  }
}

const endStates = ["copied", "encoded", "failed"];

class Rebuild {
  readonly #deps: Deps;
  readonly #assetId: AssetId;
  readonly #startedAt: number;
  readonly #wanted = new Set<PieceId>();
  readonly #succeeded = new Map<TaskId, TaskRecord>();
  #before: ReadonlyMap<PieceId, readonly ObjectRef[]> = new Map();

  constructor(deps: Deps, assetId: AssetId, startedAt: number) {
    this.#deps = deps;
    this.#assetId = assetId;
    this.#startedAt = startedAt;
  }

  /** @throws VsError asset_not_found; conflict when it is not finished, or has failed for good */
  async begin({ actor }: User): Promise<void> {
    const { view, nodes } = await this.#read();
    const dead = view.deadTasks.filter((task) => isToBeRetried(view, task));
    const { state } = view.asset;
    if (state === "uploading" || state === "processing") throw notFinished(this.#assetId, state);
    if (state === "failed" && dead.length === 0) throw failedForGood(view);
    this.#before = new Map(view.pieces.map(({ id, content }) => [id, objectsOf(content)]));
    for (const pieceId of lackingPieces({ view, nodes })) this.add(pieceId);
    for (const { id: taskId } of dead) {
      await this.#deps.catalog.commands.retryTask({ taskId, at: this.#deps.clock.now(), actor });
    }
  }

  /** A piece that is wrong somewhere. */
  add(pieceId: PieceId): void {
    this.#wanted.add(pieceId);
  }

  async look(isVerified: boolean): Promise<{ pieces: PieceRebuild[]; copiesMade: number }> {
    const { view, nodes } = await this.#read();
    await this.#readEnded();
    const succeeded = [...this.#succeeded.values()];
    // What an earlier call began, or what was lost before the verification came to it.
    for (const { kind, pieceId } of succeeded) if (kind === "replicate" && pieceId !== "") this.add(pieceId);
    if (isVerified) for (const pieceId of lackingPieces({ view, nodes })) this.add(pieceId);
    const facts: RebuildFacts = { view, nodes, before: this.#before, succeeded, isVerified };
    const wanted = [...this.#wanted].filter((pieceId) => isKept(view, pieceId));
    const pieces = wanted.toSorted().map((pieceId) => toWire(rebuiltPiece(pieceId, facts), nodes));
    return { pieces, copiesMade: succeeded.filter(({ kind }) => kind === "replicate").length };
  }

  async #read(): Promise<Pick<RebuildFacts, "view" | "nodes">> {
    const { queries } = this.#deps.catalog;
    const view = await queries.getAssetView(this.#assetId);
    if (view === null) {
      throw new VsError("asset_not_found", `there is no asset ${this.#assetId}`, {
        hint: "See all assets: vsctl assets list",
      });
    }
    return { view, nodes: new Map((await allNodes(queries)).map((node) => [node.id, node])) };
  }

  async #readEnded(): Promise<void> {
    const list = { limit: endedTasks, cursor: null, sort: null, states: ["succeeded"], nodeId: null, labels: {} };
    const { items } = await this.#deps.catalog.queries.listTasks({ ...list, assetId: this.#assetId });
    for (const task of items) if ((task.finishedAt ?? 0) >= this.#startedAt) this.#succeeded.set(task.id, task);
  }
}

// Text and images that never could be made are done without.
function isToBeRetried({ asset, pieces, openTasks }: AssetView, task: TaskRecord): boolean {
  const { kind, pieceId } = task;
  const isThere = openTasks.some((open) => open.kind === kind && open.pieceId === pieceId);
  if (makesOther(task, asset) || isThere) return false;
  return makesSomething(task) || (isExtra(task) && pieces.some(({ id }) => id === pieceId));
}

function notFinished(assetId: AssetId, state: string): VsError {
  return new VsError("conflict", `asset ${assetId} has nothing to rebuild yet: it is ${state}`, {
    hint: `Wait with: vsctl assets wait ${assetId}`,
  });
}

function failedForGood({ asset }: AssetView): VsError {
  return new VsError(
    "conflict",
    `asset ${asset.id} failed, and there is no task to try again: ${asset.error?.message}`,
    {
      hint: asset.error?.hint ?? "",
    },
  );
}

function toWire(piece: RebuiltPiece, nodes: ReadonlyMap<NodeId, NodeRecord>): PieceRebuild {
  const { pieceId, state, made, objects, sameBytes, failure } = piece;
  const nodeId = made?.nodeId ?? null;
  return {
    ...{ pieceId, state, sameBytes, taskId: made?.id ?? "", nodeId: nodeId ?? "" },
    nodeName: nodeId === null ? "" : (nodes.get(nodeId)?.name ?? ""),
    objects: objects.map(objectToWire),
    failure: failure === null ? undefined : failureToWire(failure),
  };
}
