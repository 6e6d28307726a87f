// Brings a source to a node, whatever happens on the way: an expired ticket is renewed, a busy node asked again, a
// dead one left for another, a restart of the control plane waited out. What cannot be mended is given up, so that
// nothing is left behind; an interrupted upload stays, to be gone on with.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient, UploadTicket } from "../control-client.ts";
import { callPatiently, patienceMs } from "../follow.ts";
import { awaitCopies, nodePatienceMs } from "./await-copies.ts";
import { sendSource } from "./send-source.ts";
import type { Sent } from "./send-source.ts";
import { failIfOver } from "../wait-for-asset.ts";
import type { Source } from "./source.ts";
import { watchForEnd } from "./watch-end.ts";

const retryMs = 1_000;
const dropLimitMs = 5_000;

export interface UploadOptions {
  readonly assetId: string;
  readonly ticket: UploadTicket;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number) => void;
  /** What goes on, for people. */
  readonly say: (text: string) => void;
}

/**
 * Returns when the cluster has the whole source in as many copies as it needs to go on.
 * @throws VsError what the node or the source was refused for, upload_failed when no node can be reached; why the asset
 * ended, when that was cancelled or deleted meanwhile
 */
export async function upload(client: ControlClient, source: Source, options: UploadOptions): Promise<void> {
  await using watch = watchForEnd(client, options);
  const watched = { ...options, signal: watch.signal };
  const attempt = new Attempt(watched);
  try {
    await bring(client, source, { ...watched, attempt });
  } catch (thrown) {
    if (watch.hasEnded()) await dropUpload(attempt.ticket, options.assetId);
    throw thrown;
  }
}

async function bring(
  client: ControlClient,
  source: Source,
  { attempt, ...options }: UploadOptions & { readonly attempt: Attempt },
): Promise<void> {
  for (;;) {
    const sent = await sendSource(source, { ...options, ticket: attempt.ticket, onProgress: attempt.onProgress });
    if (sent.kind === "sent") {
      const again = await awaitCopies(client, { ...options, ticket: attempt.ticket });
      if (again === null) return;
      attempt.beginAgain(again);
      continue;
    }
    if (sent.kind === "refused") {
      await dropUpload(attempt.ticket, options.assetId);
      await client.abandonUpload(options.assetId, sent.error.toFailure()).catch(() => undefined);
      throw sent.error;
    }
    if (await isThere(client, options)) return;
    await attempt.prepareNext(client, sent);
  }
}

// What the node has of it is of no use to anybody. It finds out by itself too, only later.
async function dropUpload({ url, token }: UploadTicket, assetId: string): Promise<void> {
  await fetch(`${url.replace(/\/+$/, "")}/${assetId}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${token}`, "tus-resumable": "1.0.0" },
    signal: AbortSignal.timeout(dropLimitMs),
  }).catch(() => undefined);
}

// The answer to the last byte may have been lost on its way.
async function isThere(client: ControlClient, options: UploadOptions): Promise<boolean> {
  const asset = await callPatiently(() => client.getAsset(options.assetId), options);
  failIfOver(asset);
  return asset.state !== "uploading";
}

class Attempt {
  ticket: UploadTicket;
  readonly #options: UploadOptions;
  #progressedAtMs: number;
  #nodeSinceMs: number;
  #furthest = -1;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.ticket = options.ticket;
    this.#progressedAtMs = this.#nodeSinceMs = options.clock.monotonicMs();
  }

  readonly onProgress = (bytes: number): void => {
    if (bytes > this.#furthest) {
      this.#furthest = bytes;
      this.#progressedAtMs = this.#nodeSinceMs = this.#options.clock.monotonicMs();
    }
    this.#options.onProgress(bytes);
  };

  /** The node that had all of it was lost. */
  beginAgain(ticket: UploadTicket): void {
    this.#options.say(`node ${this.ticket.nodeId} went down with the source; uploading to ${ticket.nodeId} again`);
    this.#furthest = -1;
    this.#progressedAtMs = this.#nodeSinceMs = this.#options.clock.monotonicMs();
    this.ticket = ticket;
  }

  async prepareNext(client: ControlClient, sent: Exclude<Sent, { kind: "sent" | "refused" }>): Promise<void> {
    const { assetId, clock, signal } = this.#options;
    const now = clock.monotonicMs();
    if (now - this.#progressedAtMs > patienceMs) throw gaveUp(assetId, sent);
    await clock.sleep(retryMs, signal);
    const nodeFailed = sent.kind !== "ticket-refused" && now - this.#nodeSinceMs > nodePatienceMs;
    if (sent.kind !== "ticket-refused" && !nodeFailed) return;
    const ticket = await callPatiently(() => client.renewUpload(assetId, nodeFailed), this.#options);
    if (ticket.nodeId !== this.ticket.nodeId) {
      this.#options.say(`node ${this.ticket.nodeId} does not answer; uploading to ${ticket.nodeId} instead`);
      this.#furthest = -1;
    }
    this.#nodeSinceMs = clock.monotonicMs();
    this.ticket = ticket;
  }
}

function gaveUp(assetId: string, sent: Sent): VsError {
  const reason = "reason" in sent ? sent.reason : "its tickets are refused";
  return new VsError("upload_failed", `the upload of asset ${assetId} does not get on: ${reason}`, {
    hint: "Check the nodes with: vsctl nodes list. Then run the same command again: it goes on where it was",
  });
}
