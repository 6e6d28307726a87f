// Stands beside the catalog and holds every command against the invariants: what a stale report may change (nothing),
// when an asset may be called ready, what may be deleted, how a task ends.
import { editionOf, sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, TaskId } from "@vstream/core/ids.ts";
import type { CatalogCommands, CatalogIdentity, TaskReport } from "../../control-plane/src/catalog/catalog.ts";
import { readIdentity } from "../../control-plane/src/catalog/identity.ts";
import type { AssetState, AssetView, TaskRecord } from "../../control-plane/src/catalog/records.ts";
import type { Answer, Call } from "../../control-plane/src/catalog/sqlite/messages.ts";
import { extrasOf, isOver, plannedPieces } from "../../control-plane/src/planning/asset-facts.ts";
import type { Decision } from "../../control-plane/src/planning/decisions.ts";
import type { Findings } from "./findings.ts";
import type { CatalogFile, CommandWatch } from "./sim-catalog.ts";
import { canHold } from "./truth.ts";
import type { Truth } from "./truth.ts";

type Batch = { readonly decisions: readonly Decision[]; readonly term: number; readonly at: number };
type PieceReport = Parameters<CatalogCommands["recordPiece"]>[0];
type Fenced = Pick<TaskReport, "taskId" | "nodeId" | "incarnation" | "epoch">;

interface Note {
  readonly changes: number;
  readonly task: TaskRecord | null;
  readonly identity: CatalogIdentity;
  /** Of assets that a decision wants in another state. */
  readonly states: ReadonlyMap<AssetId, AssetState>;
}

export interface OracleParts {
  readonly file: CatalogFile;
  readonly truth: Truth;
  readonly findings: Findings;
}

const terminal = new Set(["succeeded", "dead", "cancelled"]);

export class CommandOracle implements CommandWatch {
  readonly #parts: OracleParts;
  /** Ends and pieces that were accepted with an effect. */
  readonly #accepted = new Set<string>();
  readonly #succeeded = new Set<TaskId>();
  readonly #ended = new Map<TaskId, string>();
  /** The newest decisions, to be repeated under a term that is over. */
  lastBatch: Batch | null = null;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  async before(call: Call): Promise<Note> {
    const { file } = this.#parts;
    const fenced = fencedOf(call);
    const task = fenced === null ? null : await file.ask("getTask", fenced.taskId);
    const states = new Map<AssetId, AssetState>();
    if (call.name === "applyDecisions") {
      for (const decision of decisionsOf(call)) {
        if (decision.kind !== "set-asset-state") continue;
        const state = (await file.ask("getAsset", decision.assetId))?.asset.state;
        if (state !== undefined) states.set(decision.assetId, state);
      }
    }
    const changes = file.changes();
    return { changes, task, states, identity: await readIdentity(file.db) };
  }

  async after(call: Call, answer: Answer, given: unknown): Promise<void> {
    // Given by before() and nobody else.
    const note = given as Note;
    const said = answer.kind === "value" ? "" : ` ${answer.failure.code}`;
    this.#parts.findings.note(`${call.name} ${JSON.stringify(call.given)}${said}`);
    if (answer.kind === "failure" && answer.failure.code === "internal") {
      this.#parts.findings.violate("bug", `${call.name} failed: ${answer.failure.message}`);
    }
    const fenced = fencedOf(call);
    if (fenced !== null) this.#checkFence(call, fenced, { answer, note });
    if (call.name === "applyDecisions") {
      this.#checkTerm(call.given[0] as Batch, answer, note);
      if (answer.kind === "failure") return;
      this.lastBatch = call.given[0] as Batch;
      await this.#checkDecisions(decisionsOf(call), answer.value as readonly TaskRecord[], note);
    }
    if (call.name === "retryTask" && answer.kind === "value") {
      const { id } = answer.value as TaskRecord;
      this.#ended.delete(id);
      this.#succeeded.delete(id);
    }
  }

  /** Every task as it is now: one that has ended stays as it ended. */
  async checkEnds(): Promise<void> {
    const { file, findings } = this.#parts;
    const rows = await file.db.selectFrom("tasks").select(["id", "kind", "state"]).execute();
    for (const { id, kind, state } of rows) {
      const ended = this.#ended.get(id);
      if (ended !== undefined && ended !== state) {
        findings.violate("I4", `${kind} ${id} had ended as ${ended} and is ${state}`);
      }
      if (terminal.has(state)) this.#ended.set(id, state);
    }
  }

  #checkTerm({ term }: Batch, answer: Answer, { changes, identity }: Note): void {
    if (term === identity.term) return;
    const { file, findings } = this.#parts;
    if (answer.kind === "value" || file.changes() !== changes) {
      findings.violate("I3", `decisions of term ${term} were applied in term ${identity.term}`);
    }
  }

  #checkFence(call: Call, fenced: Fenced, { answer, note }: { answer: Answer; note: Note }): void {
    const { file, findings } = this.#parts;
    const { task, identity } = note;
    const isRight = fenced.incarnation === identity.incarnation && task !== null && holds(task, fenced);
    const kind = call.name === "recordReport" ? (call.given[0] as TaskReport).outcome.kind : "piece";
    const what = call.name === "recordReport" ? kind : (call.given[0] as PieceReport).piece.id;
    const end = `${fenced.taskId} ${fenced.nodeId} ${fenced.epoch} ${what}`;
    const isAccepted = answer.kind === "value" && answer.value === "accepted";
    if (!isRight) {
      // Of a repetition, copies that an inventory in between left out may be asked for.
      const isRepetition = isAccepted && this.#accepted.has(end);
      if (isRepetition) return;
      if (file.changes() !== note.changes) findings.violate("I3", `a stale report changed the catalog: ${end}`);
      if (isAccepted) findings.violate("I3", `a stale report was accepted: ${end}`);
    } else if (isAccepted) {
      if (this.#succeeded.has(fenced.taskId)) findings.violate("I4", `a second end was accepted: ${end}`);
      if (kind === "succeeded") this.#succeeded.add(fenced.taskId);
      this.#accepted.add(end);
    }
  }

  async #checkDecisions(decisions: readonly Decision[], leased: readonly TaskRecord[], note: Note): Promise<void> {
    for (const decision of decisions) {
      if (decision.kind !== "adopt-edition") continue;
      const view = await this.#parts.truth.view(decision.assetId);
      if (view?.asset.edition !== decision.edition || view.asset.state !== "ready") continue;
      // Of what it has in common with the one before, something may have been lost since.
      await this.#checkReady(view, (pieceId) => editionOf(pieceId) === decision.edition);
    }
    for (const decision of decisions) {
      if (decision.kind !== "set-asset-state" || decision.to === note.states.get(decision.assetId)) continue;
      const view = await this.#parts.truth.view(decision.assetId);
      if (view?.asset.state !== decision.to) continue;
      if (decision.to === "ready") await this.#checkReady(view);
      if (decision.to === "failed" && decision.from === "ready") this.#checkFailed(view);
    }
    for (const task of leased) if (task.kind === "discard") await this.#checkDiscard(task);
    for (const decision of decisions) {
      if (decision.kind === "set-scheduling" && decision.to === "drained") await this.#checkDrained(decision.nodeId);
    }
  }

  // Whatever a deadline allows, something of which there is no other copy holds a drain.
  async #checkDrained(nodeId: NodeId): Promise<void> {
    const { file, findings, truth } = this.#parts;
    const nodes = await truth.nodes();
    if (nodes.find((node) => node.id === nodeId)?.scheduling !== "drained") return;
    const rows = await file.db
      .selectFrom("assets")
      .select("id")
      .where("state", "not in", ["failed", "deleting"])
      .execute();
    for (const { id } of rows) {
      const view = await truth.view(id);
      if (view?.asset.homes.includes(nodeId) === true)
        findings.violate("I5", `${nodeId} is drained and a home of ${id}`);
      for (const piece of view?.pieces ?? []) {
        if (view === null || isOver(view.asset, piece.id)) continue;
        const holders = truth.holders(view, piece.id, nodes);
        if (holders.length !== 1 || holders[0] !== nodeId) continue;
        findings.violate("I5", `${nodeId} is drained and has the last copy of ${piece.id} of ${id}`);
      }
    }
  }

  async #checkReady(view: AssetView, isMeant: (pieceId: PieceId) => boolean = () => true): Promise<void> {
    const { findings, truth } = this.#parts;
    const { asset } = view;
    const nodes = await truth.nodes();
    const able = nodes.filter((node) => canHold(asset, node));
    // Where no other node has the room, as many homes as there are have to do.
    const homes = asset.homes.filter((home) => nodes.some(({ id, health }) => id === home && health !== "down"));
    const wanted = Math.max(1, Math.min(asset.replicasWanted, able.length, homes.length));
    const living = nodes.filter(({ health }) => health !== "down").map(({ id }) => id);
    const standing = truth.standing(view, living);
    for (const pieceId of plannedPieces(view).filter(isMeant)) {
      // Of everything that viewers get, and of what it was made from, and of text, while there is a source.
      const isOfSource = pieceId === sourcePieceId || pieceId === timelinePieceId || pieceId.startsWith("text-");
      if (isOfSource && !standing.has(sourcePieceId) && !standing.has(pieceId)) continue;
      const holders = truth.holders(view, pieceId, nodes);
      if (holders.length >= wanted) continue;
      const found = `${holders.length}/${wanted} copies of ${pieceId}: ${truth.describe(view, pieceId, nodes)}`;
      findings.violate("I2", `${asset.id} is called ready with ${found}`);
    }
  }

  #checkFailed(view: AssetView): void {
    const { findings, truth } = this.#parts;
    const believed = view.replicas.filter((copy) => copy.state !== "lost").map((copy) => copy.nodeId);
    const standing = truth.standing(view, [...new Set(believed)]);
    const { asset } = view;
    const extras = extrasOf(asset);
    const lacks = asset.plan === null || plannedPieces(view).some((id) => !standing.has(id) && !extras.includes(id));
    if (!lacks) findings.violate("I2", `${view.asset.id} was ready and failed, though a copy of everything stands`);
  }

  async #checkDiscard(task: TaskRecord): Promise<void> {
    const { findings, truth } = this.#parts;
    const view = await truth.view(task.assetId);
    if (view === null || view.asset.state === "deleting" || view.asset.state === "failed") return;
    const nodes = await truth.nodes();
    const lasting = nodes.filter(
      (node) => node.scheduling !== "draining" && node.scheduling !== "drained" && canHoldOnce(view, node),
    );
    const wanted = Math.max(1, Math.min(view.asset.replicasWanted, lasting.length));
    const known = new Set(view.pieces.map((piece) => piece.id).filter((id) => !isOver(view.asset, id)));
    for (const pieceId of task.discardPieceIds.filter((id) => known.has(id))) {
      const others = truth.holders(view, pieceId, nodes).filter((nodeId) => nodeId !== task.nodeId);
      if (others.length >= wanted) continue;
      const found = truth.describe(view, pieceId, nodes);
      const left = `${others.length}/${wanted} copies of ${pieceId} of ${task.assetId}: ${found}`;
      findings.violate("I5", `discard ${task.id} on ${String(task.nodeId)} leaves ${left}`);
    }
  }
}

function fencedOf({ name, given }: Call): Fenced | null {
  return name === "recordReport" || name === "recordPiece" ? (given[0] as Fenced) : null;
}

function decisionsOf(call: Call): readonly Decision[] {
  return (call.given[0] as Batch).decisions;
}

function holds(task: TaskRecord, { nodeId, epoch }: Fenced): boolean {
  return task.state === "leased" && task.nodeId === nodeId && task.epoch === epoch;
}

function canHoldOnce({ asset: { regions, pins } }: AssetView, node: { readonly id: NodeId; readonly region: string }) {
  return regions.length === 0 || regions.includes(node.region) || pins.includes(node.id);
}
