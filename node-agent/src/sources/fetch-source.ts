// Brings a source from its URL into a file that outlives the agent. What breaks off goes on where it ended, as long as
// the source is still the same one; what passes is tried again, a little later each time.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { PartialSource } from "../store/store.ts";
import { readAnswer, restHeaders } from "./read-answer.ts";
import { SlowSource, leastWindowBytes, receiveBody } from "./receive-body.ts";
import { refusalReason } from "./refusal-reason.ts";
import { shownUrl } from "./source-access.ts";
import type { SourceAccess } from "./source-access.ts";
import type { SourceSpace } from "./source-space.ts";

/** How often it may fail without having brought more than ever before; the waits in between come to about a minute. */
export const triesInVain = 7;
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
/** What counts as having brought more. */
const progressBytes = 1024 ** 2;
/** Of a server that is given up for being slow, which brings some each time: so many times what had to come. */
const slowProgress = 2;
/** How often a source may turn out to be another one than it was. */
const changesLimit = 2;

export interface SourceFetch {
  readonly url: string;
  readonly access: Pick<SourceAccess, "open">;
  readonly partial: PartialSource;
  readonly space: SourceSpace;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** @param share 0 to 1; only where the length is known */
  readonly progress: (share: number) => void;
}

type Step =
  | { readonly kind: "done" }
  /** What came was a part of what was asked for. */
  | { readonly kind: "more" }
  | { readonly kind: "again"; readonly reason: string; readonly waitMs: number | null; readonly isSlow?: boolean }
  | { readonly kind: "anew"; readonly reason: string; readonly changed: boolean };

/**
 * The hash of the whole source, which stands in the partial source's file.
 * @throws VsError source_not_found, source_forbidden, source_unreadable, source_changed, source_empty,
 *   source_too_large; storage_full, disk_failed; source_unavailable after many tries; the signal's reason
 */
export async function fetchSource(fetch: SourceFetch): Promise<Sha256> {
  const { partial } = fetch;
  if (partial.origin !== null && partial.origin.url !== fetch.url) await partial.restart(null);
  try {
    await bringAll(fetch);
    if (partial.bytes > 0) return await partial.secure();
  } catch (thrown) {
    // An agent that stops in good order loses nothing of what has come.
    await partial.secure().catch(() => undefined);
    throw thrown;
  }
  throw new VsError("source_empty", `${shownUrl(fetch.url)} has no bytes`);
}

async function bringAll(fetch: SourceFetch): Promise<void> {
  const { partial, clock, signal, log } = fetch;
  let failures = 0;
  let changes = 0;
  let furthest = partial.bytes;
  for (;;) {
    const step = await takeStep(fetch);
    if (step.kind === "done") return;
    if (step.kind === "more") continue;
    if (partial.bytes >= furthest + neededFrom(step, partial)) failures = 0;
    furthest = Math.max(furthest, partial.bytes);
    failures += 1;
    if (step.kind === "anew") {
      changes += step.changed ? 1 : 0;
      if (changes > changesLimit) throw restless(fetch.url);
      await partial.restart(null);
    }
    if (failures > triesInVain) throw inVain(fetch.url, step.reason);
    const waitMs =
      step.kind === "anew" ? 0 : (step.waitMs ?? Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1)));
    log(`${step.reason}; goes on at byte ${String(partial.bytes)} in ${String(Math.ceil(waitMs / 1000))} s`);
    await clock.sleep(waitMs, signal);
  }
}

function neededFrom(step: Exclude<Step, { kind: "done" | "more" }>, { origin }: PartialSource): number {
  const isSlow = step.kind === "again" && step.isSlow === true;
  return isSlow ? Math.max(progressBytes, slowProgress * leastWindowBytes(origin?.totalBytes ?? null)) : progressBytes;
}

async function takeStep(fetch: SourceFetch): Promise<Step> {
  fetch.signal.throwIfAborted();
  const { partial } = fetch;
  // The agent ended between the last byte and the store.
  if (partial.origin !== null && partial.origin.totalBytes === partial.bytes) return { kind: "done" };
  try {
    return await ask(fetch);
  } catch (thrown) {
    fetch.signal.throwIfAborted();
    const error = asVsError(thrown);
    if (error.code !== "source_unavailable") throw error;
    return { kind: "again", reason: error.message, waitMs: null, isSlow: thrown instanceof SlowSource };
  }
}

async function ask(fetch: SourceFetch): Promise<Step> {
  const { url, access, partial, space, clock, signal } = fetch;
  const body = await access.open(url, restHeaders(partial), signal);
  try {
    const status = body.statusCode ?? 0;
    const reason = status >= 400 ? await refusalReason(body, { clock, signal }) : "";
    const answer = { url: shownUrl(url), status, headers: body.headers, reason };
    const meaning = readAnswer(answer, url, { have: partial, now: clock.now() });
    if (meaning.kind === "later") return { kind: "again", reason: meaning.reason, waitMs: meaning.waitMs };
    if (meaning.kind === "anew") return meaning;
    if (meaning.kind === "end") return { kind: "done" };
    if (meaning.kind === "whole") {
      // The bytes that follow are those of the source as it is now, and yet it counts as a change.
      if (meaning.changed) return { kind: "anew", reason: "the source is another one than before", changed: true };
      await partial.restart(meaning.origin);
    }
    if (meaning.kind === "rest") partial.learnTotal(meaning.totalBytes);
    const totalBytes = partial.origin?.totalBytes ?? null;
    if (totalBytes !== null) space.coverAll(totalBytes, partial.bytes);
    const host = new URL(url).host;
    const onBytes = (): void => {
      if (totalBytes !== null && totalBytes > 0) fetch.progress(partial.bytes / totalBytes);
    };
    await receiveBody({ body, host, partial, space, onBytes, clock, signal });
    if (totalBytes === partial.bytes) return { kind: "done" };
    if (meaning.kind === "rest" && meaning.endBytes === partial.bytes) return { kind: "more" };
    if (totalBytes === null && meaning.kind === "whole") return { kind: "done" };
    return { kind: "anew", reason: "the server gave another number of bytes than it said", changed: false };
  } finally {
    body.destroy();
  }
}

function restless(url: string): VsError {
  return new VsError("source_changed", `${shownUrl(url)} changes again and again while it is fetched`, {
    hint: "Ingest it again when it is at rest",
  });
}

function inVain(url: string, reason: string): VsError {
  return new VsError("source_unavailable", `${shownUrl(url)} cannot be fetched: ${reason}`, {
    hint: "Try again later: vsctl tasks retry ID",
  });
}
