// What the player page shows of itself as window.vstream, for tests, statistics, and people in search of a cause.
import type Hls from "hls.js";
import type { Stall } from "./stalls.ts";

export interface PageWindow {
  readonly version: string;
  readonly engine: "hls.js" | "native" | "none";
  /** Null unless hls.js plays. */
  readonly hls: Hls | null;
  /** URL of the node that is asked now. */
  readonly home: () => string;
  readonly stalls: readonly Stall[];
}

declare global {
  interface Window {
    vstream: PageWindow;
  }
}
