// The agent's line to the control plane: it dials, keeps one session open, and dials again for ever when it breaks.
// Reports wait until a session stands and the inventory is known, so that an older inventory never follows a newer
// report, and are repeated until they are answered.
import { credentials } from "@grpc/grpc-js";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { AgentServiceClient } from "@vstream/proto/agent.ts";
import type {
  GetManifestResponse,
  OfferSourceResponse,
  GetSubtitleFileResponse,
  RenewCertificateResponse,
  ReportDamageResponse,
  ReportPieceResponse,
  ReportTaskResponse,
  ReportUploadResponse,
} from "@vstream/proto/agent.ts";
import type {
  ControlListener,
  ControlSubject,
  OfferedAsset,
  PieceReport,
  SourceOffer,
  SubtitleFile,
  SubtitleFileQuery,
  TaskProgress,
  TaskReport,
  UploadReport,
} from "./control-messages.ts";
import type { Credentials } from "../identity/node-identity.ts";
import { assetIdOf } from "./checked.ts";
import { Gate } from "./gate.ts";
import { grpcTarget } from "./join.ts";
import type { ControlAddress } from "./join.ts";
import type { LostCopies } from "../store/store.ts";
import { Session } from "./session.ts";
import { unary } from "./unary.ts";
import type { Invoke } from "./unary.ts";
import { damageToWire } from "./wire-copies.ts";
import { failureFromWire, manifestFromWire, pieceReportToWire, taskReportToWire, uploadReportToWire } from "./wire.ts";

/** First and longest wait between attempts; each is jittered down to a half. */
const firstBackoffMs = 200;
const longestBackoffMs = 2_000;

export interface ControlLinkDeps {
  readonly address: ControlAddress;
  /** Read at each dialling: certificates are renewed while the agent runs. */
  readonly credentials: () => Credentials;
  readonly clock: Clock;
  readonly log: Logger;
}

/** For whom the link speaks, and who hears it. */
export interface LinkEnds {
  readonly subject: ControlSubject;
  readonly listener: ControlListener;
}

export interface ControlLink extends AsyncDisposable {
  /** Dials from now on; the first session may come any time later. Until then reports wait. */
  start(ends: LinkEnds): void;
  readonly connected: boolean;
  /** False: the fence was stale. Repeated until answered. @throws VsError when the control plane refuses it as wrong */
  reportTask(report: TaskReport, signal: AbortSignal): Promise<boolean>;
  reportPiece(report: PieceReport, signal: AbortSignal): Promise<boolean>;
  reportUpload(report: UploadReport, signal: AbortSignal): Promise<boolean>;
  /**
   * Copies that were found wrong and are gone from the disk. Repeated until answered.
   * @throws VsError not_there_yet when the control plane is older than this question
   */
  reportDamage(lost: LostCopies, signal: AbortSignal): Promise<void>;
  /** Pieces from the first chunk that haveVersion lacked. Not repeated. @throws VsError asset_not_found, unavailable */
  getManifest(
    query: { assetId: AssetId; haveVersion: number; edition?: number },
    signal: AbortSignal,
  ): Promise<Manifest>;
  /** A file of subtitles that was given beside an asset's source. Not repeated. @throws VsError not_found */
  getSubtitleFile(query: SubtitleFileQuery, signal: AbortSignal): Promise<SubtitleFile>;
  /** Has an asset made of a file that this node has. Not repeated. @throws VsError why it cannot be, now or ever */
  offerSource(offer: SourceOffer, signal: AbortSignal): Promise<OfferedAsset>;
  /** A certificate for a signing request (DER), PEM. Not repeated. */
  renewCertificate(request: Uint8Array, signal: AbortSignal): Promise<string>;
  /** Said when it can be, else lost. */
  sendProgress(progress: TaskProgress): void;
  /** Ends the session and dials anew, with the credentials as they are now. */
  redial(): void;
}

export function openControlLink(deps: ControlLinkDeps): ControlLink {
  return new GrpcControlLink(deps);
}

class GrpcControlLink implements ControlLink {
  readonly #deps: ControlLinkDeps;
  readonly #ready = new Gate();
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #redialing = new AbortController();
  #client: AgentServiceClient;
  #session: Session | null = null;
  #failures = 0;

  constructor(deps: ControlLinkDeps) {
    this.#deps = deps;
    this.#client = this.#dial();
  }

  start(ends: LinkEnds): void {
    this.#running = this.#keepSession(ends);
  }

  get connected(): boolean {
    return this.#ready.isOpen;
  }

  async reportTask(report: TaskReport, signal: AbortSignal): Promise<boolean> {
    const request = taskReportToWire(report);
    const response = await this.#untilAnswered<ReportTaskResponse>(
      (metadata, options, done) => this.#client.reportTask(request, metadata, options, done),
      signal,
    );
    return response.accepted;
  }

  async reportPiece(report: PieceReport, signal: AbortSignal): Promise<boolean> {
    const request = pieceReportToWire(report);
    const response = await this.#untilAnswered<ReportPieceResponse>(
      (metadata, options, done) => this.#client.reportPiece(request, metadata, options, done),
      signal,
    );
    return response.accepted;
  }

  async reportUpload(report: UploadReport, signal: AbortSignal): Promise<boolean> {
    const request = uploadReportToWire(report);
    const response = await this.#untilAnswered<ReportUploadResponse>(
      (metadata, options, done) => this.#client.reportUpload(request, metadata, options, done),
      signal,
    );
    return response.accepted;
  }

  async reportDamage(lost: LostCopies, signal: AbortSignal): Promise<void> {
    for (const request of damageToWire(lost)) {
      await this.#untilAnswered<ReportDamageResponse>(
        (metadata, options, done) => this.#client.reportDamage(request, metadata, options, done),
        signal,
      );
    }
  }

  async getManifest(
    query: { assetId: AssetId; haveVersion: number; edition?: number },
    signal: AbortSignal,
  ): Promise<Manifest> {
    const { manifest } = await unary<GetManifestResponse>(
      (metadata, options, done) => this.#client.getManifest(query, metadata, options, done),
      signal,
    );
    return manifestFromWire(manifest);
  }

  async getSubtitleFile(query: SubtitleFileQuery, signal: AbortSignal): Promise<SubtitleFile> {
    return await unary<GetSubtitleFileResponse>(
      (metadata, options, done) => this.#client.getSubtitleFile(query, metadata, options, done),
      signal,
    );
  }

  async offerSource(offer: SourceOffer, signal: AbortSignal): Promise<OfferedAsset> {
    const request = { ...offer, title: "", labels: { ...offer.labels }, assetId: offer.assetId ?? "" };
    const { assetId, duplicate, ended, judged } = await unary<OfferSourceResponse>(
      (metadata, options, done) => this.#client.offerSource(request, metadata, options, done),
      signal,
    );
    const why = ended === undefined ? null : failureFromWire(ended);
    return { assetId: assetIdOf(assetId), duplicate, ended: why, judged };
  }

  async renewCertificate(certificateRequest: Uint8Array, signal: AbortSignal): Promise<string> {
    const { certificatePem } = await unary<RenewCertificateResponse>(
      (metadata, options, done) => this.#client.renewCertificate({ certificateRequest }, metadata, options, done),
      signal,
    );
    return certificatePem;
  }

  sendProgress(progress: TaskProgress): void {
    this.#session?.sendLossy({ $case: "progress", value: { ...progress } });
  }

  redial(): void {
    this.#redialing.abort(new VsError("cancelled", "dialling anew"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
    await this.#running;
    this.#client.close();
  }

  async #keepSession(ends: LinkEnds): Promise<void> {
    for (;;) {
      try {
        await this.#runSession(ends);
      } catch (thrown) {
        this.#noteEnd(thrown);
      }
      this.#session = null;
      this.#ready.shut();
      ends.listener.disconnected();
      await this.#pause();
      if (this.#closing.signal.aborted) return;
      this.#client.close();
      this.#client = this.#dial();
    }
  }

  async #runSession({ subject, listener }: LinkEnds): Promise<void> {
    const { clock, log } = this.#deps;
    this.#redialing = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#redialing.signal]);
    this.#session = new Session({ client: this.#client, clock, log, subject, listener }, signal);
    await this.#session.run(() => {
      this.#failures = 0;
      this.#ready.open();
      log.info("session open");
    });
  }

  // An operator hears of a lasting trouble once a while, not at each attempt.
  #noteEnd(thrown: unknown): void {
    if (this.#closing.signal.aborted || this.#redialing.signal.aborted) return;
    const error = asVsError(thrown);
    const lasting = error.code === "unauthenticated" || error.code === "forbidden" || error.code === "wrong_cluster";
    if (this.#failures % 20 === 0) {
      this.#deps.log[lasting ? "error" : "warn"]({ code: error.code, reason: error.message }, "session ended");
    }
    this.#failures += 1;
  }

  async #pause(): Promise<void> {
    if (this.#redialing.signal.aborted) return;
    await this.#deps.clock.sleep(backoffMs(this.#failures - 1), this.#closing.signal).catch(() => undefined);
  }

  // A connection pool of its own: a new client is a new connection, never the one that has just gone silent.
  #dial(): AgentServiceClient {
    const { address } = this.#deps;
    const { authorityPem, certificatePem, keyPem } = this.#deps.credentials();
    const secure = credentials.createSsl(Buffer.from(authorityPem), Buffer.from(keyPem), Buffer.from(certificatePem));
    const options = { ...channelOptionsFor(address.host), "grpc.use_local_subchannel_pool": 1 };
    return new AgentServiceClient(grpcTarget(address), secure, options);
  }

  async #untilAnswered<Response>(invoke: Invoke<Response>, given: AbortSignal): Promise<Response> {
    const signal = AbortSignal.any([given, this.#closing.signal]);
    for (let attempt = 0; ; attempt += 1) {
      await this.#ready.passed(signal);
      try {
        return await unary(invoke, signal);
      } catch (thrown) {
        signal.throwIfAborted();
        const error = asVsError(thrown);
        if (!mayPass(error)) throw error;
        this.#deps.log.debug({ code: error.code, reason: error.message }, "report not answered");
      }
      await this.#deps.clock.sleep(backoffMs(attempt), signal);
    }
  }
}

function mayPass(error: VsError): boolean {
  return error.retryable || error.code === "cancelled" || error.code === "internal";
}

function backoffMs(attempt: number): number {
  const full = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(Math.max(attempt, 0), 10));
  return full * (0.5 + Math.random() / 2);
}
