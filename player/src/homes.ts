// Which node the player talks to. It stays with one until that one fails or it is told of a better one, and learns
// while it plays which nodes there are.
import type { Home, PageConfig } from "./page-config.ts";

/** How long a node that failed is tried last. */
const avoidedMs = 20_000;
/** Also how soon a dead node is noticed when everything is buffered and nothing else is asked. */
const refreshMs = 5_000;
const refreshLimitMs = 4_000;

export interface HomesPage {
  readonly origin: string;
  readonly onChange: () => void;
  readonly onEdition: (edition: number) => void;
}

export class Homes {
  #list: readonly Home[];
  #current: Home;
  readonly #config: PageConfig;
  readonly #origin: string;
  /** The node that gave the page: the one that is known to be within reach from here. */
  readonly #own: Home;
  readonly #failedAtMs = new Map<string, number>();
  readonly #onChange: () => void;
  readonly #onEdition: (edition: number) => void;

  /**
   * @param page its own address, by which the node that gave it is known to be reachable, whatever it calls itself;
   *   onChange is told when the player turns to another node, onEdition at every answer which edition there is
   */
  constructor(config: PageConfig, page: HomesPage) {
    this.#config = config;
    this.#origin = page.origin;
    this.#onChange = page.onChange;
    this.#onEdition = page.onEdition;
    const own = config.homes.find((home) => home.nodeId === config.servedBy);
    this.#own = { nodeId: config.servedBy, name: "this node", region: "", ...own, url: page.origin };
    this.#list = [this.#own, ...config.homes.filter((home) => home.nodeId !== config.servedBy)];
    this.#current = this.#own;
  }

  get current(): Home {
    return this.#current;
  }

  /** The current one, then the others, those that failed of late last. */
  inOrder(): Home[] {
    const others = this.#list.filter((home) => home.nodeId !== this.#current.nodeId);
    return [this.#current, ...others].sort(
      (one, other) => Number(this.#isAvoided(one)) - Number(this.#isAvoided(other)),
    );
  }

  /** The same path on a node. What is not below /v/ stays where it is. */
  urlOn(home: Home, url: string): string {
    const { pathname, search } = new URL(url, this.#origin);
    const at = pathname.indexOf("/v/");
    return at < 0 ? url : home.url + pathname.slice(at) + search;
  }

  /** A node did not answer, or not as one that is well. */
  failed(home: Home): void {
    this.#failedAtMs.set(home.nodeId, performance.now());
    const [next] = this.inOrder();
    if (next !== undefined) this.#moveTo(next);
  }

  succeeded(home: Home): void {
    this.#failedAtMs.delete(home.nodeId);
    if (this.inOrder()[0]?.nodeId === home.nodeId) this.#moveTo(home);
  }

  /** Keeps asking which nodes there are, until the page goes. */
  keepFresh(): void {
    setInterval(() => {
      void this.#refresh();
    }, refreshMs);
  }

  async #refresh(): Promise<void> {
    for (const home of this.inOrder()) {
      try {
        const signal = AbortSignal.timeout(refreshLimitMs);
        const path = `/v/${this.#config.assetId}/homes.json?at=${this.#current.nodeId}`;
        const answer = await fetch(home.url + path, { signal, cache: "no-store" });
        if (answer.status >= 500) throw new Error(`status ${String(answer.status)}`);
        if (!answer.ok) continue;
        const { homes, edition } = (await answer.json()) as { homes: Home[]; edition?: number };
        this.succeeded(home);
        this.learn(homes);
        // Nodes of before there were editions do not say.
        this.#onEdition(edition ?? 0);
        return;
      } catch {
        this.failed(home);
      }
    }
  }

  /**
   * Takes what a node says of the homes there are, where the player should be first: it goes there, unless that node
   * failed it of late while the current one is still named. The node that gave the page stays in the list, last if it is
   * not named: the others may all be out of reach from here.
   */
  learn(homes: readonly Home[]): void {
    const { servedBy } = this.#config;
    const list = homes.map((home) => (home.nodeId === servedBy ? { ...home, url: this.#origin } : home));
    const [wanted] = list;
    if (wanted === undefined) return;
    this.#list = list.some((home) => home.nodeId === servedBy) ? list : [...list, this.#own];
    const still = this.#list.find((home) => home.nodeId === this.#current.nodeId);
    this.#moveTo(still !== undefined && this.#isAvoided(wanted) ? still : wanted);
  }

  #isAvoided(home: Home): boolean {
    return (this.#failedAtMs.get(home.nodeId) ?? -Infinity) > performance.now() - avoidedMs;
  }

  #moveTo(home: Home): void {
    const changed = home.nodeId !== this.#current.nodeId;
    this.#current = home;
    if (changed) this.#onChange();
  }
}
