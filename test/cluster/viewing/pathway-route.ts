// The way of a player that knows nothing of us: pathways of the multivariant playlist, in the order that the steering
// manifest gives (RFC 8216bis, 7), another one when one fails. Without steering it has only where it began.
import type { Multivariant } from "./playlists.ts";
import type { Entry, Route, Target } from "./route.ts";

/** What hls.js waits by default; how often it would try again first is left out. */
const patience = { firstByteMs: 10_000, idleMs: 10_000 };
/** How long a pathway that failed is left alone, as in hls.js. */
const penaltyMs = 60_000;
const firstTtlMs = 10_000;

interface SteeringManifest {
  readonly VERSION: number;
  readonly TTL: number;
  readonly "RELOAD-URI"?: string;
  readonly "PATHWAY-PRIORITY": readonly string[];
  readonly "PATHWAY-CLONES"?: readonly {
    readonly "BASE-ID": string;
    readonly ID: string;
    readonly "URI-REPLACEMENT": { readonly HOST: string };
  }[];
}

export class PathwayRoute implements Route {
  readonly patience = patience;
  readonly #entry: Entry;
  readonly #multivariant: Multivariant;
  readonly #failedAtMs = new Map<string, number>();
  /** Host of a pathway that is another's copy, and whose. */
  readonly #clones = new Map<string, { base: string; host: string }>();
  #priority: readonly string[];
  #steeringUrl: string | null;

  constructor(entry: Entry, { multivariant }: { url: string; multivariant: Multivariant }) {
    this.#entry = entry;
    this.#multivariant = multivariant;
    this.#steeringUrl = multivariant.steering?.serverUri ?? null;
    const listed = [...new Set(multivariant.rungs.flatMap((rung) => [...rung.uriByPathway.keys()]))];
    const first = multivariant.steering?.pathway;
    this.#priority = first === undefined ? listed : [first, ...listed.filter((pathway) => pathway !== first)];
  }

  get current(): string {
    const [pathway = ""] = this.candidates();
    const [rung] = this.#multivariant.rungs;
    const url = rung === undefined ? null : this.urlOf(pathway, { track: rung.name });
    return url === null ? "" : new URL(url).origin;
  }

  candidates(): readonly string[] {
    const sinceMs = performance.now() - penaltyMs;
    const ill = (pathway: string): number => ((this.#failedAtMs.get(pathway) ?? -Infinity) > sinceMs ? 1 : 0);
    return [...this.#priority].sort((one, other) => ill(one) - ill(other));
  }

  urlOf(pathway: string, { track, uri }: Target): string | null {
    const clone = this.#clones.get(pathway);
    const listed = this.#playlistUri(clone?.base ?? pathway, track);
    if (listed === null) return null;
    const playlist = new URL(listed);
    if (clone !== undefined) playlist.host = clone.host;
    return uri === undefined ? playlist.href : new URL(uri, playlist).href;
  }

  failed(pathway: string): void {
    this.#failedAtMs.set(pathway, performance.now());
  }

  succeeded(): void {
    // A pathway that failed is left alone for a while, whatever it answers meanwhile.
  }

  keepFresh(signal: AbortSignal): void {
    let timer: NodeJS.Timeout | undefined;
    const steer = async (): Promise<void> => {
      const ttlMs = await this.#steer(signal);
      if (!signal.aborted && ttlMs !== null) timer = setTimeout(() => void steer(), ttlMs);
    };
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
    });
    void steer();
  }

  /** Gives when to ask again; null: never. */
  async #steer(signal: AbortSignal): Promise<number | null> {
    if (this.#steeringUrl === null) return null;
    const url = new URL(this.#steeringUrl);
    url.searchParams.set("_HLS_pathway", this.candidates()[0] ?? "");
    try {
      const answer = await this.#entry.line.get({ url: url.href, patience, keepText: true, signal });
      if (answer.status === 410) return null;
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
      const manifest = JSON.parse(answer.text) as SteeringManifest;
      if (manifest.VERSION !== 1 || !(manifest.TTL >= 1)) throw new Error(`no steering manifest: ${answer.text}`);
      for (const clone of manifest["PATHWAY-CLONES"] ?? []) {
        this.#clones.set(clone.ID, { base: clone["BASE-ID"], host: hostOf(clone["URI-REPLACEMENT"].HOST) });
      }
      this.#priority = manifest["PATHWAY-PRIORITY"];
      const reload = manifest["RELOAD-URI"];
      if (reload !== undefined) this.#steeringUrl = new URL(reload, url).href;
      return manifest.TTL * 1000;
    } catch (thrown) {
      if (!signal.aborted) this.#entry.onTrouble(url.href, thrown instanceof Error ? thrown.message : String(thrown));
      return firstTtlMs;
    }
  }

  #playlistUri(pathway: string, track: string): string | null {
    if (track !== "audio") {
      return this.#multivariant.rungs.find((rung) => rung.name === track)?.uriByPathway.get(pathway) ?? null;
    }
    const group = this.#multivariant.rungs[0]?.audioGroupByPathway.get(pathway) ?? "";
    return this.#multivariant.audioUriByGroup.get(group) ?? null;
  }
}

// hls.js takes HOST as a host with or without a port, and puts it in the URL's place.
function hostOf(host: string): string {
  return host.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}
