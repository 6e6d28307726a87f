// What S3 says of a refusal, beside its number: whether a key is wrong, or the clock, or the region.
import type { IncomingMessage } from "node:http";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { limitTime } from "../replicate/time-limit.ts";

const mostBytes = 4_096;
const waitMs = 5_000;

/** The code in the XML of an answer's body; empty: it has none, or does not come. Of the body, no more than that is read. */
export async function refusalReason(
  body: IncomingMessage,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  if (!/\bxml\b/.test(body.headers["content-type"] ?? "")) return "";
  using limit = limitTime({ clock, ms: waitMs, signal }, () => new VsError("timed_out", "the answer does not end"));
  limit.signal.addEventListener("abort", () => body.destroy(), { once: true });
  let text = "";
  try {
    for await (const bytes of body as AsyncIterable<Buffer>) {
      text += bytes.toString("latin1");
      if (text.length >= mostBytes) break;
    }
  } catch {
    // What has come may say it all the same.
  }
  return /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text.slice(0, mostBytes))?.[1] ?? "";
}
