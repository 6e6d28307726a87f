// Has every node hash again what it holds of an asset, and tells how far they are until all have answered. Who hangs
// up stops only the telling. What a node finds wrong is gone there, and is made again from the other copies.
import type { AssetId, NodeId, TaskId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { CopyVerification, VerifyAssetRequest, VerifyAssetResponse } from "@vstream/proto/admin.ts";
import type { TaskRecord } from "../../catalog/records.ts";
import type { Change } from "../../control-loop/control-loop.ts";
import type { CallContext } from "../answered-call.ts";
import type { User } from "../caller.ts";
import * as check from "../wire/checks.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { watch } from "./watching.ts";
import type { Watching } from "./watching.ts";

const pace = { notBeforeMs: 250, atLatestMs: 1_000 };
/** A node that is not connected, and not down either, may just be dialling again. */
const dialAgainMs = 5_000;

type Deps = Pick<AdminDeps, "catalog" | "clock" | "loop">;

export async function* verifyAsset(
  deps: Deps,
  request: VerifyAssetRequest,
  { caller, signal }: CallContext<User>,
): AsyncGenerator<VerifyAssetResponse> {
  const assetId = check.assetId(request.id);
  using changes = watchAssetOnly(deps, assetId, signal);
  const verification = await startVerification(deps, assetId, caller);
  let sent = "";
  for (;;) {
    const { copies, done } = await verification.look();
    const seen = JSON.stringify(copies);
    if (done || seen !== sent) yield { copies, done };
    if (done) return;
    sent = seen;
    await changes.next();
  }
}

/** What happens to one asset, a few times a second at most. */
export function watchAssetOnly({ clock, loop }: Deps, assetId: AssetId, signal: AbortSignal): Watching {
  const isOfInterest = ({ assetIds }: Change): boolean => assetIds.length === 0 || assetIds.includes(assetId);
  return watch(loop, { ...pace, clock, signal, isOfInterest });
}

export interface Verification {
  look(): Promise<{ copies: CopyVerification[]; done: boolean }>;
}

/** @throws VsError asset_not_found, conflict when it is being deleted */
export async function startVerification(deps: Deps, assetId: AssetId, caller: User): Promise<Verification> {
  const change = { assetId, at: deps.clock.now(), actor: caller.actor };
  const holdings = await holdingsOf(deps, await deps.catalog.commands.createVerification(change), assetId);
  deps.loop.kick([assetId]);
  const giveUpAtMs = deps.clock.monotonicMs() + dialAgainMs;
  return {
    async look() {
      const copies = await Promise.all(holdings.map(async (holding) => await lookAt(deps, holding, giveUpAtMs)));
      return { copies, done: copies.every(({ state }) => state !== "waiting" && state !== "checking") };
    },
  };
}

interface Holding {
  readonly nodeId: NodeId;
  readonly nodeName: string;
  readonly totalBytes: number;
  /** null: what it holds is not known for certain, so that nothing can be asked of it. */
  readonly taskId: TaskId | null;
}

// By node: those that are asked, and those that would be if they were there.
async function holdingsOf(
  { catalog: { queries } }: Deps,
  tasks: readonly TaskRecord[],
  assetId: TaskRecord["assetId"],
): Promise<Holding[]> {
  const view = await queries.getAssetView(assetId);
  const bytes = new Map(view?.pieces.map((piece) => [piece.id, bytesOf(piece.content)]));
  const held = (view?.replicas ?? []).filter(({ state }) => state === "verified" || state === "suspect");
  const totals = new Map<NodeId, number>(tasks.flatMap(({ nodeId }) => (nodeId === null ? [] : [[nodeId, 0]])));
  for (const { nodeId, pieceId } of held) totals.set(nodeId, (totals.get(nodeId) ?? 0) + (bytes.get(pieceId) ?? 0));
  return await Promise.all(
    [...totals].map(async ([nodeId, totalBytes]) => ({
      nodeId,
      nodeName: (await queries.getNode(nodeId))?.name ?? nodeId,
      totalBytes,
      taskId: tasks.find((task) => task.nodeId === nodeId)?.id ?? null,
    })),
  );
}

async function lookAt(deps: Deps, holding: Holding, giveUpAtMs: number): Promise<CopyVerification> {
  const { nodeId, nodeName, totalBytes, taskId } = holding;
  const task = taskId === null ? null : await deps.catalog.queries.getTask(taskId);
  const shown = { nodeId, nodeName, totalBytes, checkedBytes: 0, badPieceIds: [], reason: "" };
  if (taskId !== null && task === null) return { ...shown, state: "unreachable", reason: "the check is not on record" };
  switch (task?.state) {
    case "succeeded": {
      const findings = await deps.catalog.queries.getFindings(task.id);
      if (findings === null) return { ...shown, state: "unreachable", reason: "what the check found is not on record" };
      const badPieceIds = [...findings.damagedPieceIds];
      return { ...shown, state: badPieceIds.length === 0 ? "good" : "bad", checkedBytes: totalBytes, badPieceIds };
    }
    case "leased": {
      const share = deps.loop.progressOf(task.id)?.progress ?? 0;
      return { ...shown, state: "checking", checkedBytes: Math.floor(totalBytes * share) };
    }
    case "dead":
    case "cancelled":
      return { ...shown, state: "unreachable", reason: task.error?.message ?? "the check was called off" };
    case "pending":
    case "waiting":
    case undefined: {
      const reason = await whyNot(deps, holding, giveUpAtMs);
      return { ...shown, state: reason === "" ? "waiting" : "unreachable", reason };
    }
  }
}

/** Empty: it will be checked. */
async function whyNot(
  { catalog, clock, loop }: Deps,
  { nodeId, taskId }: Holding,
  giveUpAtMs: number,
): Promise<string> {
  const node = await catalog.queries.getNode(nodeId);
  if (node === null) return "the node was removed";
  if (node.health === "down") return `the node is down since ${new Date(node.healthSince).toISOString()}`;
  if (taskId === null) return "the node has not yet said what it holds since it was down";
  if (loop.isConnected(nodeId) || clock.monotonicMs() < giveUpAtMs) return "";
  return "the node is not connected";
}
