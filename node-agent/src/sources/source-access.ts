// How a source is asked for: the request for its URL with what is to be signed, and redirects, each of which is checked
// as if it had been the URL from the start.
import type { IncomingMessage } from "node:http";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AddressRules } from "./address-rules.ts";
import { limitTime } from "../replicate/time-limit.ts";
import { addressesOf } from "./find-host.ts";
import type { Resolve } from "./find-host.ts";
import { openUrl } from "./open-url.ts";
import { signedGet } from "./s3-access.ts";
import type { S3Place } from "./s3-access.ts";

const redirectLimit = 5;
/** For the address of a host. */
const searchMs = 30_000;
const redirects: readonly (number | undefined)[] = [301, 302, 303, 307, 308];

export interface AccessDeps {
  readonly rules: AddressRules;
  readonly resolve: Resolve;
  readonly places: readonly S3Place[];
  /** Beside the usual authorities, PEM; null: none. */
  readonly authorities: readonly string[] | null;
  readonly clock: Clock;
  readonly userAgent: string;
}

type Headers = Readonly<Record<string, string>>;

export class SourceAccess {
  readonly #deps: AccessDeps;

  constructor(deps: AccessDeps) {
    this.#deps = deps;
  }

  /**
   * The last answer, whatever its status; its body is the caller's to read or to destroy.
   * @throws VsError source_forbidden, source_not_found, source_unreadable, source_unavailable; the signal's reason
   */
  async open(sourceUrl: string, headers: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    // What is asked for is a file: bytes that were packed on the way have no ranges that mean anything.
    const asked = { accept: "*/*", "accept-encoding": "identity", "user-agent": this.#deps.userAgent, ...headers };
    const url = urlOf(sourceUrl);
    if (url.protocol === "s3:") return await this.#openObject(url, asked, signal);
    return await this.#follow(url, asked, signal);
  }

  // Its endpoint is the operator's word, so that it may stand anywhere; where that leads further is not.
  async #openObject(url: URL, headers: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    const { places } = this.#deps;
    const signed = await signedGet(url, { places, headers });
    const addresses = await this.#find(signed.url, null, signal);
    const answer = await openUrl(
      { ...signed, addresses, authorities: this.#deps.authorities },
      { ...this.#deps, signal },
    );
    if (!redirects.includes(answer.statusCode)) return answer;
    answer.destroy();
    throw new VsError("source_unreadable", `${signed.url.host} says that the bucket ${url.hostname} is elsewhere`, {
      hint: "Check endpoint and region under s3 in the agent's configuration",
    });
  }

  async #follow(first: URL, headers: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    const { rules, authorities } = this.#deps;
    let url = first;
    for (let followed = 0; followed <= redirectLimit; followed += 1) {
      const addresses = await this.#find(url, rules, signal);
      const answer = await openUrl({ url, headers, addresses, authorities }, { ...this.#deps, signal });
      const next = redirects.includes(answer.statusCode) ? answer.headers.location : undefined;
      if (next === undefined) return answer;
      answer.destroy();
      url = urlOf(next, url);
    }
    throw new VsError("source_unreadable", `${first.host} redirects more than ${String(redirectLimit)} times`);
  }

  async #find(
    { hostname }: URL,
    rules: AddressRules | null,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<typeof addressesOf>>> {
    const { clock, resolve } = this.#deps;
    const late = (): VsError => new VsError("source_unavailable", `the address of ${hostname} cannot be found in time`);
    using limit = limitTime({ clock, ms: searchMs, signal }, late);
    return await untilAborted(addressesOf(hostname, { rules, resolve }), limit.signal);
  }
}

/** A URL for people and logs: what follows "?" may be a signature. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function urlOf(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  const schemes = base === undefined ? ["http:", "https:", "s3:"] : ["http:", "https:"];
  if (url === null || !schemes.includes(url.protocol)) {
    const what = base === undefined ? "the source's URL" : `${base.host} redirects to what`;
    throw new VsError("source_forbidden", `${what} is none of ${schemes.join(", ")}`);
  }
  if (url.username === "" && url.password === "") return url;
  throw new VsError("source_forbidden", `a URL at ${url.host} holds a user name or password, which is not sent`);
}

// The system's search for a host cannot be called off; nobody waits for it then.
async function untilAborted<Found>(search: Promise<Found>, signal: AbortSignal): Promise<Found> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([search, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
