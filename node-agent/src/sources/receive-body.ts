// Takes the bytes of an answer in, as they come, and gives up a server that drips or falls silent, and a source without
// an end.
import type { IncomingMessage } from "node:http";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { PartialSource } from "../store/store.ts";
import { connectionFailure } from "./open-url.ts";
import type { SourceSpace } from "./source-space.ts";

/** In each such time so many bytes must come: a kibibyte a second, and no less than brings all of it in a day. */
const slowestWindowMs = 60_000;
const slowestWindowBytes = 60 * 1024;
const windowsInADay = 24 * 60;

/** Bytes come, and too few. */
export class SlowSource extends VsError {}

/** @param totalBytes null: nobody knows */
export function leastWindowBytes(totalBytes: number | null): number {
  return Math.max(slowestWindowBytes, Math.ceil((totalBytes ?? 0) / windowsInADay));
}

export interface Reception {
  readonly body: IncomingMessage;
  readonly host: string;
  readonly partial: PartialSource;
  readonly space: SourceSpace;
  readonly onBytes: () => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Resolves with the body's proper end.
 * @throws VsError source_unavailable when it broke off or was too slow; source_too_large, storage_full, disk_failed;
 *   the signal's reason
 */
export async function receiveBody(reception: Reception): Promise<void> {
  const { body, host, partial, space, signal } = reception;
  using pace = watchPace(reception);
  try {
    for await (const bytes of body as AsyncIterable<Buffer>) {
      space.cover(partial.bytes + bytes.length, partial.bytes);
      await partial.append(bytes);
      reception.onBytes();
    }
    if (!body.complete) throw new VsError("source_unavailable", `${host} broke off before the end`);
  } catch (thrown) {
    signal.throwIfAborted();
    pace.check();
    throw connectionFailure(thrown, host);
  } finally {
    body.destroy();
  }
}

interface Pace extends Disposable {
  /** @throws VsError source_unavailable when it was given up for being slow */
  check(): void;
}

function watchPace({ body, host, partial, clock }: Reception): Pace {
  const least = leastWindowBytes(partial.origin?.totalBytes ?? null);
  const ended = new AbortController();
  let failure: VsError | null = null;
  const watch = async (): Promise<void> => {
    for (let before = partial.bytes; ; before = partial.bytes) {
      await clock.sleep(slowestWindowMs, ended.signal);
      const came = partial.bytes - before;
      if (came >= least) continue;
      const few = `${String(came)} bytes in a minute, and at least ${String(least)} are to come`;
      failure = new SlowSource("source_unavailable", `${host} gave only ${few}`);
      body.destroy(failure);
      return;
    }
  };
  watch().catch(() => undefined);
  return {
    check() {
      if (failure !== null) throw failure;
    },
    [Symbol.dispose]: () => {
      ended.abort();
    },
  };
}
