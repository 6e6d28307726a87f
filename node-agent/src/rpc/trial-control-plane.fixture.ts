// For tests: a control plane, real gRPC over real TLS on both of its ports, that says what the test tells it and
// remembers what it heard. It decides nothing.
import { X509Certificate, createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { ServerDuplexStream, UntypedServiceImplementation, sendUnaryData } from "@grpc/grpc-js";
import type { VsError } from "@vstream/core/errors.ts";
import { serverChannelOptions, toStatus } from "@vstream/core/grpc.ts";
import { AgentServiceService } from "@vstream/proto/agent.ts";
import type {
  CheckUploadsRequest,
  GetSubtitleFileRequest,
  JoinRequest,
  Lease,
  Manifest,
  OfferSourceRequest,
  OfferSourceResponse,
  ReportDamageRequest,
  ReportInventoryRequest,
  ReportPieceRequest,
  ReportTaskRequest,
  ReportUploadRequest,
  SessionRequest,
  SessionResponse,
} from "@vstream/proto/agent.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import { TrialAuthority } from "../identity/authority.fixture.ts";
import type { Credentials } from "../identity/node-identity.ts";
import { makeKeyPem, makeRequest } from "../identity/node-key.ts";

type Stream = ServerDuplexStream<SessionRequest, SessionResponse>;
type Said = NonNullable<SessionRequest["message"]>;
type SaidOf<Case extends Said["$case"]> = Extract<Said, { $case: Case }>["value"];

const noAsset: OfferSourceResponse = { assetId: "", duplicate: false, ended: undefined, judged: false };

export class TrialControlPlane implements AsyncDisposable {
  readonly authority: TrialAuthority;
  /** Everything that agents said on sessions, in order. */
  readonly said: Said[] = [];
  readonly taskReports: ReportTaskRequest[] = [];
  readonly pieceReports: ReportPieceRequest[] = [];
  readonly uploadReports: ReportUploadRequest[] = [];
  readonly inventories: ReportInventoryRequest["entries"][] = [];
  readonly damageReports: ReportDamageRequest[] = [];
  readonly uploadChecks: string[][] = [];
  readonly sourceOffers: OfferSourceRequest[] = [];
  readonly joins: JoinRequest[] = [];
  /** What the test wants to be answered. */
  readonly answers = {
    accept: true,
    ackHeartbeats: true,
    renews: (asked: Lease[]): Lease[] => asked,
    unknownAssetIds: [] as string[],
    unwantedAssetIds: [] as string[],
    joinError: null as VsError | null,
    reportError: null as VsError | null,
    manifest: undefined as Manifest | undefined,
    offeredAsset: noAsset,
    nodeId: "",
    incarnation: "first",
    term: 1,
  };
  readonly #pair: { certificatePem: string; keyPem: string };
  readonly #streams = new Set<Stream>();
  #servers: Server[] = [];
  #without: readonly string[] = [];
  #joinPort = 0;
  #agentPort = 0;

  private constructor(authority: TrialAuthority, pair: { certificatePem: string; keyPem: string }) {
    this.authority = authority;
    this.#pair = pair;
  }

  /** @param without calls that it does not know, as one of a former release */
  static async start({ without = [] }: { without?: readonly string[] } = {}): Promise<TrialControlPlane> {
    const authority = await TrialAuthority.make();
    const control = new TrialControlPlane(authority, await authority.serverPair());
    control.#without = without;
    await control.listen();
    return control;
  }

  get controlUrl(): string {
    return `https://127.0.0.1:${String(this.#joinPort)}`;
  }

  /** Of the authority's certificate: what tokens carry. */
  get authoritySha256(): Sha256 {
    return createHash("sha256").update(new X509Certificate(this.authority.pem).raw).digest("hex") as Sha256;
  }

  async nodeCredentials(nodeId: NodeId): Promise<Credentials> {
    const keyPem = makeKeyPem();
    const certificatePem = await this.authority.sign(await makeRequest(keyPem), nodeId);
    return { keyPem, certificatePem, authorityPem: this.authority.pem };
  }

  get agentPort(): number {
    return this.#agentPort;
  }

  get sessions(): number {
    return this.#streams.size;
  }

  /** Also after `stop`: on the same ports as before. */
  async listen(): Promise<void> {
    this.#joinPort = await this.#serve(this.#joinPort, false);
    this.#agentPort = await this.#serve(this.#agentPort, true);
  }

  stop(): void {
    for (const server of this.#servers) server.forceShutdown();
    this.#servers = [];
    this.#streams.clear();
  }

  send(message: NonNullable<SessionResponse["message"]>): void {
    for (const stream of this.#streams) stream.write({ message });
  }

  heard<Case extends Said["$case"]>(kind: Case): SaidOf<Case>[] {
    return this.said.flatMap((said) => (said.$case === kind ? [said.value as SaidOf<Case>] : []));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    return Promise.resolve();
  }

  async #serve(port: number, mutual: boolean): Promise<number> {
    const server = new Server(serverChannelOptions);
    const calls = Object.entries(this.#service()).filter(([name]) => !this.#without.includes(name));
    server.addService(AgentServiceService, Object.fromEntries(calls));
    const pair = { private_key: Buffer.from(this.#pair.keyPem), cert_chain: Buffer.from(this.#pair.certificatePem) };
    const secure = ServerCredentials.createSsl(Buffer.from(this.authority.pem), [pair], mutual);
    this.#servers.push(server);
    return await new Promise((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${String(port)}`, secure, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  }

  #service(): UntypedServiceImplementation {
    const unary =
      <Request, Response>(answer: (request: Request) => Response | Promise<Response>) =>
      (call: { request: Request }, done: sendUnaryData<Response>): void => {
        Promise.resolve()
          .then(() => answer(call.request))
          .then(
            (response) => {
              done(null, response);
            },
            (error: unknown) => {
              done(toStatus(error));
            },
          );
      };
    const { answers } = this;
    return {
      join: unary(async (request: JoinRequest) => await this.#join(request)),
      renewCertificate: unary(async (request: { certificateRequest: Uint8Array }) => ({
        certificatePem: await this.authority.sign(request.certificateRequest, answers.nodeId),
      })),
      session: (stream: Stream) => {
        this.#openSession(stream);
      },
      reportTask: unary((request: ReportTaskRequest) => this.#note(this.taskReports, request)),
      reportPiece: unary((request: ReportPieceRequest) => this.#note(this.pieceReports, request)),
      reportDamage: unary((request: ReportDamageRequest) => {
        this.damageReports.push(request);
        if (answers.reportError !== null) throw answers.reportError;
        return {};
      }),
      reportUpload: unary((request: ReportUploadRequest) => this.#note(this.uploadReports, request)),
      reportInventory: (
        stream: AsyncIterable<ReportInventoryRequest>,
        done: sendUnaryData<{ unknownAssetIds: string[] }>,
      ) => {
        void this.#readInventory(stream).then(() => {
          done(null, { unknownAssetIds: answers.unknownAssetIds });
        });
      },
      checkUploads: unary((request: CheckUploadsRequest) => {
        this.uploadChecks.push(request.assetIds);
        return { unwantedAssetIds: answers.unwantedAssetIds };
      }),
      offerSource: unary((request: OfferSourceRequest) => {
        this.sourceOffers.push(request);
        if (answers.reportError !== null) throw answers.reportError;
        return answers.offeredAsset;
      }),
      getManifest: unary(() => ({ manifest: answers.manifest })),
      getSubtitleFile: unary(({ assetId, file }: GetSubtitleFileRequest) => ({
        name: `${assetId}-${String(file)}.srt`,
        content: Buffer.from("1"),
      })),
    };
  }

  #note<Report>(reports: Report[], report: Report): { accepted: boolean } {
    reports.push(report);
    if (this.answers.reportError !== null) throw this.answers.reportError;
    return { accepted: this.answers.accept };
  }

  async #join(request: JoinRequest) {
    this.joins.push(request);
    if (this.answers.joinError !== null) throw this.answers.joinError;
    const { nodeId } = this.answers;
    const certificatePem = await this.authority.sign(request.certificateRequest, nodeId);
    return { nodeId, certificatePem, authorityPem: this.authority.pem, agentPort: this.#agentPort };
  }

  async #readInventory(stream: AsyncIterable<ReportInventoryRequest>): Promise<void> {
    const entries: ReportInventoryRequest["entries"] = [];
    try {
      for await (const message of stream) entries.push(...message.entries);
      this.inventories.push(entries);
    } catch {
      // The agent has gone away.
    }
  }

  #openSession(stream: Stream): void {
    this.#streams.add(stream);
    const forget = (): void => {
      this.#streams.delete(stream);
    };
    stream.on("data", (request: SessionRequest) => {
      if (request.message !== undefined) this.#hear(stream, request.message);
    });
    stream.on("error", forget);
    stream.on("cancelled", forget);
    stream.on("end", () => {
      forget();
      stream.end();
    });
  }

  #hear(stream: Stream, said: Said): void {
    this.said.push(said);
    const { answers } = this;
    if (said.$case === "hello") {
      const times = { heartbeatMs: 200, leaseMs: 12_000, ticketKeyPem: "", scheduling: "active" };
      const welcome = { incarnation: answers.incarnation, term: answers.term, ...times };
      stream.write({ message: { $case: "welcome", value: welcome } });
    }
    if (said.$case === "heartbeat" && answers.ackHeartbeats) {
      stream.write({ message: { $case: "heartbeatAck", value: { sequence: said.value.sequence } } });
    }
    if (said.$case === "renewLeases") {
      const leases = answers.renews(said.value.leases);
      stream.write({ message: { $case: "leasesRenewed", value: { leases } } });
    }
  }
}

/** Waits until something holds; fails after a few seconds. */
export async function until(what: string, holds: () => boolean, limitMs = 8_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`never happened: ${what}`);
    await delay(10);
  }
}
