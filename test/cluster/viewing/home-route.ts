// The way of our player (player/src/homes.ts and failover-load.ts, of which this is the part without a browser): any
// home gives any path, the list of homes is asked for every 5 s and says where to be, and silence of 2.5 s means another.
import type { Multivariant } from "./playlists.ts";
import { isOver } from "./route.ts";
import type { Entry, Route, Target } from "./route.ts";

const patience = { firstByteMs: 2_500, idleMs: 4_000 };
/** How long a node that failed is tried last. */
const avoidedMs = 20_000;
const refreshMs = 5_000;
const refreshPatience = { firstByteMs: 4_000, idleMs: 4_000 };

interface Home {
  readonly nodeId: string;
  readonly url: string;
}

export class HomeRoute implements Route {
  readonly patience = patience;
  readonly #entry: Entry;
  readonly #assetPath: string;
  readonly #paths: ReadonlyMap<string, string>;
  readonly #failedAtMs = new Map<string, number>();
  #origins: readonly string[];
  #nodeIds: ReadonlyMap<string, string> = new Map();
  #current: string;

  constructor(entry: Entry, first: { url: string; multivariant: Multivariant }) {
    this.#entry = entry;
    this.#origins = entry.urls.map((url) => new URL(url).origin);
    this.#current = new URL(first.url).origin;
    this.#assetPath = /\/v\/[^/]+\//.exec(first.url)?.[0] ?? "/";
    this.#paths = pathsOf(first.multivariant);
  }

  get current(): string {
    return this.#current;
  }

  candidates(): readonly string[] {
    const others = this.#origins.filter((origin) => origin !== this.#current);
    return [this.#current, ...others].sort(
      (one, other) => Number(this.#isAvoided(one)) - Number(this.#isAvoided(other)),
    );
  }

  urlOf(origin: string, { track, uri }: Target): string | null {
    const path = this.#paths.get(track);
    if (path === undefined) return null;
    return uri === undefined ? origin + path : new URL(uri, origin + path).href;
  }

  failed(origin: string): void {
    this.#failedAtMs.set(origin, performance.now());
    this.#current = this.candidates()[0] ?? this.#current;
  }

  succeeded(origin: string): void {
    this.#failedAtMs.delete(origin);
    if (this.candidates()[0] === origin) this.#current = origin;
  }

  keepFresh(signal: AbortSignal): void {
    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      await this.#refresh(signal).finally(() => (asking = false));
    };
    void ask();
    const timer = setInterval(() => void ask(), refreshMs);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
    });
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    for (const origin of this.candidates()) {
      if (isOver(signal)) return;
      const url = `${origin}${this.#assetPath}homes.json?at=${this.#nodeIds.get(this.#current) ?? ""}`;
      try {
        const answer = await this.#entry.line.get({ url, patience: refreshPatience, keepText: true, signal });
        if (answer.status >= 500) throw new Error(`status ${answer.status}`);
        if (answer.status !== 200) continue;
        this.succeeded(origin);
        this.#learn((JSON.parse(answer.text) as { homes: Home[] }).homes);
        return;
      } catch (thrown) {
        if (isOver(signal)) return;
        this.#entry.onTrouble(url, thrown instanceof Error ? thrown.message : String(thrown));
        this.failed(origin);
      }
    }
  }

  #learn(homes: readonly Home[]): void {
    if (homes.length === 0) return;
    this.#origins = homes.map((home) => new URL(home.url).origin);
    this.#nodeIds = new Map(homes.map((home) => [new URL(home.url).origin, home.nodeId]));
    const [wanted = this.#current] = this.#origins;
    const stays = this.#origins.includes(this.#current) && this.#isAvoided(wanted);
    if (!stays) this.#current = wanted;
  }

  #isAvoided(origin: string): boolean {
    return (this.#failedAtMs.get(origin) ?? -Infinity) > performance.now() - avoidedMs;
  }
}

// Each home gives the same paths, so that one pathway's stand for all.
function pathsOf({ rungs, audioUriByGroup }: Multivariant): Map<string, string> {
  const paths = new Map<string, string>();
  for (const rung of rungs) {
    const [uri] = rung.uriByPathway.values();
    if (uri !== undefined) paths.set(rung.name, new URL(uri).pathname);
  }
  const [audio] = audioUriByGroup.values();
  if (audio !== undefined) paths.set("audio", new URL(audio).pathname);
  return paths;
}
