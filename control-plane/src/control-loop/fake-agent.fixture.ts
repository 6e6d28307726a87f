// For tests: an agent without a machine. It beats, renews, and does its tasks in no time, as far as it is let.
import {
  audioPieceId,
  imagesPieceIdIn,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { AssetDemand, NodeDescription, Piece, Scrub, TextStream, Work } from "@vstream/core/media.ts";
import { buildLoad, buildPiece, buildProbe } from "../planning/snapshot.fixture.ts";
import type { ControlLoop, TaskEndReport } from "./control-loop.ts";
import type { AgentSession, ControlMessage, LeaseRef } from "./session.ts";

export type Grant = Extract<ControlMessage, { kind: "lease-grant" }>;

const scrub: Scrub = {
  passStartedAt: 1,
  checkedBytes: 2,
  totalBytes: 3,
  lastPassEndedAt: null,
  damagedFound: 0,
  quarantined: 0,
};

const subtitles: TextStream = {
  stream: 0,
  codec: "subrip",
  language: "eng",
  name: "",
  forced: false,
  hearingImpaired: false,
  convertible: true,
  captions: false,
  defaultTrack: false,
};

export class FakeAgent {
  readonly nodeId: NodeId;
  readonly description: NodeDescription;
  readonly incarnation: string;
  readonly received: ControlMessage[] = [];
  readonly ends: string[] = [];
  readonly answers: string[] = [];
  /** What it holds; its store. */
  readonly store = new Map<AssetId, Set<PieceId>>();
  /** Grants that are neither done nor ended. */
  running: Grant[] = [];
  /** Whether it does a grant at once; else it keeps running. */
  does: (work: Work) => boolean = () => true;
  segments = 3;
  load = buildLoad();
  demand: readonly AssetDemand[] = [];
  /** What its disk has spoilt: a verification finds it, and drops it. */
  readonly spoilt = new Set<PieceId>();
  /** As SIGSTOP does it: connected, but silent. */
  isStopped = false;
  #loop: ControlLoop;
  #session: AgentSession | null = null;

  constructor(who: { nodeId: NodeId; description: NodeDescription; incarnation: string }, loop: ControlLoop) {
    this.nodeId = who.nodeId;
    this.description = who.description;
    this.incarnation = who.incarnation;
    this.#loop = loop;
  }

  /** A new session; with another loop after a restart of the control plane. */
  async connect(loop = this.#loop): Promise<void> {
    this.#loop = loop;
    this.#session = await loop.openSession({
      nodeId: this.nodeId,
      description: this.description,
      runningLeases: this.leases,
      send: (message) => {
        this.#receive(message);
      },
      end: (reason) => {
        this.#session = null;
        this.ends.push(reason.code);
      },
    });
    this.beat();
    const entries = [...this.store].map(([assetId, pieceIds]) => ({ assetId, pieceIds: [...pieceIds] }));
    const unknown = await loop.reportInventory({ nodeId: this.nodeId, entries });
    for (const assetId of unknown) this.store.delete(assetId);
  }

  get leases(): LeaseRef[] {
    return this.running.map(({ taskId, epoch }) => ({ taskId, epoch }));
  }

  get isConnected(): boolean {
    return this.#session !== null;
  }

  /** The first grant of that kind that runs here. */
  runs(kind: Work["kind"]): Grant | undefined {
    return this.running.find(({ work }) => work.kind === kind);
  }

  beat(): void {
    if (this.isStopped) return;
    this.#session?.heartbeat({ sequence: 1, load: this.load, scrub, demand: this.demand });
    this.#session?.renewLeases(this.leases);
  }

  progress(grant: Grant, progress: number): void {
    this.#session?.progress({ taskId: grant.taskId, epoch: grant.epoch, progress, speed: 2 });
  }

  /** As kill -9 does it: the stream ends, and nothing runs any more. */
  die(): void {
    this.#session?.close();
    this.#session = null;
    this.running = [];
  }

  async upload(assetId: AssetId, source: Piece): Promise<void> {
    this.#hold(assetId, [source.id]);
    await this.#loop.reportUpload({ assetId, nodeId: this.nodeId, source });
  }

  async finish(grant: Grant, outcome?: TaskEndReport["outcome"]): Promise<string> {
    const { taskId, epoch, assetId, work } = grant;
    const result = outcome ?? this.#resultOf(work);
    const { nodeId, incarnation } = this;
    const answer = await this.#loop.reportTask({ taskId, epoch, nodeId, incarnation, log: [], outcome: result });
    this.running = this.running.filter((other) => other !== grant);
    this.answers.push(answer);
    if (answer === "accepted" && result.kind === "succeeded") this.#take(assetId, work, result.pieces);
    return answer;
  }

  #receive(message: ControlMessage): void {
    this.received.push(message);
    if (message.kind === "lease-grant") {
      this.running.push(message);
      if (this.does(message.work)) void this.finish(message);
    } else if (message.kind === "leases-renewed") {
      this.running = this.running.filter((grant) =>
        message.leases.some((lease) => lease.epoch === grant.epoch && lease.taskId === grant.taskId),
      );
    } else if (message.kind === "lease-cancel") {
      this.running = this.running.filter((grant) => grant.taskId !== message.lease.taskId);
    } else if (message.kind === "query") {
      this.#session?.reply({ id: message.id, lines: [`log of ${this.description.name}`], failure: null });
    }
  }

  #resultOf(work: Work): Extract<TaskEndReport["outcome"], { kind: "succeeded" }> {
    const made = (...ids: PieceId[]) =>
      ids.map((id) => ({ ...buildPiece(id, { toolchain: this.description.toolchain }) }));
    const done = { kind: "succeeded", probe: null, pieces: [], damagedPieceIds: [], check: null } as const;
    switch (work.kind) {
      case "fetch":
        return { ...done, pieces: made(sourcePieceId) };
      case "probe":
        return {
          ...done,
          probe: { ...buildProbe({ segments: this.segments }), text: [subtitles] },
          pieces: made(timelinePieceId),
        };
      case "transcode":
        return { ...done, pieces: made(videoPieceId(work.chunk.index, work.edition)) };
      case "audio": {
        const ids = work.chunkSegments.map((_, chunk) => audioPieceId(work.target.track, chunk, work.edition));
        return { ...done, pieces: made(...ids) };
      }
      case "text":
        return { ...done, pieces: [textOf(work, this.description.toolchain)] };
      case "images":
        return { ...done, pieces: made(imagesPieceIdIn(work.edition)) };
      case "check":
        return { ...done, check: { rules: 1, findings: [] } };
      case "replicate":
        return { ...done, pieces: [work.piece] };
      case "verify":
        return { ...done, damagedPieceIds: work.pieceIds.filter((pieceId) => this.spoilt.has(pieceId)) };
      case "discard":
        return done;
    }
  }

  #take(assetId: AssetId, work: Work, pieces: readonly Piece[]): void {
    if (work.kind === "verify") {
      for (const pieceId of this.spoilt) this.store.get(assetId)?.delete(pieceId);
      this.spoilt.clear();
      return;
    }
    if (work.kind !== "discard") {
      this.#hold(
        assetId,
        pieces.map((piece) => piece.id),
      );
      return;
    }
    if (work.pieceIds.length === 0) this.store.delete(assetId);
    for (const pieceId of work.pieceIds) this.store.get(assetId)?.delete(pieceId);
  }

  #hold(assetId: AssetId, pieceIds: readonly PieceId[]): void {
    this.store.set(assetId, new Set([...(this.store.get(assetId) ?? []), ...pieceIds]));
  }
}

function textOf({ target, chunkSegments }: Extract<Work, { kind: "text" }>, toolchain: string): Piece {
  const piece = buildPiece(textPieceId(target.track), { toolchain });
  if (piece.content.kind !== "text") throw new Error("no text was built");
  const [chunk] = piece.content.chunks;
  return { ...piece, content: { ...piece.content, chunks: chunkSegments.flatMap(() => chunk ?? []) } };
}
