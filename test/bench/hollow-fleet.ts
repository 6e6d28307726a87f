// Hundreds of agents without machines in this one process: each joins, holds a session of its own over mutual TLS,
// beats, renews, tells its inventory and does every task that it is given in no time. What they say to the control
// plane is what real agents say; only stores and encoders are made up.
import { credentials } from "@grpc/grpc-js";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { resultOf, sourcePiece } from "../../control-plane/src/testing/made-up-media.ts";
import { certificateRequest } from "../../control-plane/src/testing/scripted-agent.ts";
import { asked } from "../../control-plane/src/testing/unary.ts";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import { AgentServiceClient } from "@vstream/proto/agent.ts";
import type {
  JoinResponse,
  LeaseGrant,
  NodeDescription,
  ReportInventoryRequest,
  ReportInventoryResponse,
  SessionRequest,
  SessionResponse,
} from "@vstream/proto/agent.ts";
import type { ObjectRef } from "@vstream/proto/types.ts";

export interface FleetGround {
  /** host:port of the two listeners of the control plane. */
  readonly address: string;
  readonly agentAddress: string;
  readonly authorityPem: string;
}

interface Identity extends JoinResponse {
  readonly keyPem: string;
  readonly description: NodeDescription;
}

const joinsAtOnce = 8;
const entriesPerMessage = 20;

/** What each node holds, by its id. */
export type Holdings = ReadonlyMap<
  string,
  readonly { readonly assetId: string; readonly pieceIds: readonly string[] }[]
>;

export class HollowFleet implements Disposable {
  readonly #ground: FleetGround;
  readonly #identities: Identity[] = [];
  #agents: HollowAgent[] = [];

  constructor(ground: FleetGround) {
    this.#ground = ground;
  }

  get nodeIds(): string[] {
    return this.#identities.map(({ nodeId }) => nodeId);
  }

  /** @param tokens a join token for each node */
  async join(tokens: readonly string[]): Promise<void> {
    const secure = credentials.createSsl(Buffer.from(this.#ground.authorityPem));
    const client = new AgentServiceClient(this.#ground.address, secure, channelOptionsFor("127.0.0.1"));
    const waiting = tokens.map((token, index) => ({ token, index }));
    const joinNext = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { keyPem, der } = await certificateRequest();
        const description = describe(next.index);
        const request = { token: next.token, certificateRequest: der, node: description };
        const joined = await asked<JoinResponse>((done) => client.join(request, done));
        this.#identities.push({ ...joined, keyPem, description });
      }
    };
    await Promise.all(Array.from({ length: joinsAtOnce }, joinNext));
    client.close();
  }

  /** All sessions at once, as after a restart of the control plane. Resolves when each was welcomed and told its inventory. */
  async open(holdings: Holdings): Promise<void> {
    this.close();
    this.#agents = this.#identities.map((identity) => new HollowAgent(this.#ground, identity));
    await Promise.all(this.#agents.map((agent) => agent.open(holdings.get(agent.nodeId) ?? [])));
  }

  close(): void {
    for (const agent of this.#agents) agent.close();
    this.#agents = [];
  }

  /** The source of an asset stands on the node that its ticket named. */
  async upload(nodeId: string, assetId: string, source: ObjectRef): Promise<void> {
    await this.#agents.find((agent) => agent.nodeId === nodeId)?.upload(assetId, source);
  }

  /** Times from heartbeats to their answers since the last call, ms. */
  takeBeats(): number[] {
    return this.#agents.flatMap((agent) => agent.beatsMs.splice(0));
  }

  /** Tasks that ended since the last call, their ends acknowledged. */
  takeEnded(): number {
    return this.#agents.reduce((sum, agent) => sum + agent.takeEnded(), 0);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class HollowAgent {
  readonly beatsMs: number[] = [];
  readonly #identity: Identity;
  readonly #client: AgentServiceClient;
  readonly #running = new Map<string, number>();
  readonly #sentAtMs = new Map<number, number>();
  #timers: NodeJS.Timeout[] = [];
  #stream: ClientDuplexStream<SessionRequest, SessionResponse> | null = null;
  #incarnation = "";
  #sequence = 0;
  #ended = 0;

  constructor(ground: FleetGround, identity: Identity) {
    this.#identity = identity;
    const { authorityPem, keyPem, certificatePem } = identity;
    const secure = credentials.createSsl(Buffer.from(authorityPem), Buffer.from(keyPem), Buffer.from(certificatePem));
    // A connection of its own, as each real agent has.
    const options = { ...channelOptionsFor("127.0.0.1"), "grpc.use_local_subchannel_pool": 1 };
    this.#client = new AgentServiceClient(ground.agentAddress, secure, options);
  }

  get nodeId(): string {
    return this.#identity.nodeId;
  }

  async open(held: readonly { assetId: string; pieceIds: readonly string[] }[]): Promise<void> {
    const welcomed = Promise.withResolvers<{ heartbeatMs: number }>();
    const stream = this.#client.session();
    this.#stream = stream;
    stream.on("error", welcomed.reject);
    stream.on("data", ({ message }: SessionResponse) => {
      if (message?.$case === "welcome") {
        this.#incarnation = message.value.incarnation;
        welcomed.resolve(message.value);
      } else if (message?.$case === "heartbeatAck") this.#noteBeat(message.value.sequence);
      else if (message?.$case === "leaseGrant") void this.#work(message.value);
    });
    stream.write({ message: { $case: "hello", value: { node: this.#identity.description, leases: [] } } });
    const { heartbeatMs } = await welcomed.promise;
    await this.#tellInventory(held);
    this.#timers = [
      setInterval(() => {
        this.#beat();
      }, heartbeatMs),
      setInterval(() => {
        const leases = [...this.#running].map(([taskId, epoch]) => ({ taskId, epoch }));
        stream.write({ message: { $case: "renewLeases", value: { leases } } });
      }, 2 * heartbeatMs),
    ];
    this.#beat();
  }

  async upload(assetId: string, source: ObjectRef): Promise<void> {
    const outcome = { $case: "source", value: sourcePiece(source) } as const;
    await asked((done) => this.#client.reportUpload({ assetId, outcome }, done));
  }

  takeEnded(): number {
    const ended = this.#ended;
    this.#ended = 0;
    return ended;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stream?.on("error", () => undefined);
    this.#stream?.cancel();
    this.#client.close();
  }

  async #tellInventory(held: readonly { assetId: string; pieceIds: readonly string[] }[]): Promise<void> {
    await asked<ReportInventoryResponse>((done) => {
      const call = this.#client.reportInventory(done);
      for (let at = 0; at < held.length; at += entriesPerMessage) {
        const entries = held.slice(at, at + entriesPerMessage);
        call.write({
          entries: entries.map((entry) => ({ ...entry, pieceIds: [...entry.pieceIds] })),
        } satisfies ReportInventoryRequest);
      }
      call.end();
    });
  }

  #beat(): void {
    this.#sequence += 1;
    this.#sentAtMs.set(this.#sequence, performance.now());
    const value = { sequence: this.#sequence, load: { ...load }, scrub: { ...scrub }, demand: [] };
    this.#stream?.write({ message: { $case: "heartbeat", value } });
  }

  #noteBeat(sequence: number): void {
    const sentAtMs = this.#sentAtMs.get(sequence);
    if (sentAtMs === undefined) return;
    this.#sentAtMs.delete(sequence);
    this.beatsMs.push(performance.now() - sentAtMs);
  }

  async #work(grant: LeaseGrant): Promise<void> {
    const { taskId, epoch, term } = grant;
    const fence = { incarnation: this.#incarnation, term, epoch };
    this.#running.set(taskId, epoch);
    const value = resultOf(grant, this.nodeId);
    const outcome = { $case: "succeeded", value } as const;
    const { accepted } = await asked<{ accepted: boolean }>((done) =>
      this.#client.reportTask({ fence, taskId, outcome, log: [] }, done),
    );
    this.#running.delete(taskId);
    if (accepted) this.#ended += 1;
  }
}

const capacityBytes = 1e12;
const load = {
  usedBytes: 1e11,
  capacityBytes,
  tasksRunning: 1,
  viewers: 40,
  egressBps: 160_000_000,
  connections: 80,
  processor: 0.3,
  disk: 0.1,
  egressLimitBps: 1_000_000_000,
  viewersQuietMs: 0,
};
const scrub = {
  passStartedAt: 1,
  checkedBytes: 5e10,
  totalBytes: 1e11,
  lastPassEndedAt: 0,
  damagedFound: 0,
  quarantined: 0,
};

function describe(index: number): NodeDescription {
  const name = `hollow-${String(index).padStart(4, "0")}`;
  const region = ["eu", "us", "ap", "sa", "af"][index % 5] ?? "eu";
  return {
    name,
    region,
    zone: `${region}-${String(index % 3)}`,
    labels: {},
    playbackUrl: `http://${name}.example.org:8080`,
    peerUrl: `https://${name}.example.org:8081`,
    version: "0.1.0",
    ffmpegVersion: "5.1.9",
    toolchain: "hollow",
    encodeSlots: 2,
    capacityBytes,
  };
}
