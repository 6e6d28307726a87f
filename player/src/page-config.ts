// What the agent puts into the page: the asset, what it is called and made of, and the nodes that have it.

export interface Home {
  readonly nodeId: string;
  readonly name: string;
  readonly region: string;
  /** Playback URL, without a slash at its end. */
  readonly url: string;
}

export interface Chapter {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Empty: it has none. */
  readonly title: string;
}

export interface PageConfig {
  readonly assetId: string;
  readonly title: string;
  /** The node that gave the page. */
  readonly servedBy: string;
  readonly homes: readonly Home[];
  /** Of the asset, that is played now: one more each time that it was encoded anew, or got more rungs. */
  readonly edition: number;
  /** A picture to show before it plays; null while there is none. */
  readonly poster: string | null;
  readonly chapters: readonly Chapter[];
}

/** The page's configuration, as the agent wrote it. */
export function readPageConfig(): PageConfig {
  return JSON.parse(element("vstream-config", HTMLScriptElement).textContent) as PageConfig;
}

/** An element of the page's own template, of the kind that it has there. */
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}
