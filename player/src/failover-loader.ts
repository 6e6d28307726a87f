// hls.js asks for a URL; this asks the current node for it, and the next one when that one refuses, stays silent or
// stops half-way. hls.js never learns of it, so it neither gives up a rendition nor waits: on its own it would ask a
// dead host again and again, and try every rendition of it, before it looked elsewhere.
import { LoadStats } from "hls.js";
import type { HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from "hls.js";
import { FailoverLoad } from "./failover-load.ts";
import type { OnSilence } from "./failover-load.ts";
import type { Homes } from "./homes.ts";

/**
 * A loader for hls.js that asks these nodes. It goes on asking for as long as none of them says no: when the last one
 * that was down comes back, playing goes on by itself.
 */
export function failoverLoader(homes: Homes, onSilence: OnSilence): HlsConfig["loader"] {
  return class implements Loader<LoaderContext> {
    context: LoaderContext | null = null;
    stats: LoaderStats = new LoadStats();
    #load: FailoverLoad | null = null;

    load(context: LoaderContext, _config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      this.context = context;
      this.#load = new FailoverLoad({ homes, onSilence, context, callbacks, stats: this.stats });
      this.#load.start();
    }

    abort(): void {
      const { context } = this;
      const load = this.#load;
      if (context === null || load?.stop() !== true) return;
      this.stats.aborted = true;
      load.callbacks.onAbort?.(this.stats, context, load.request);
    }

    destroy(): void {
      this.#load?.stop();
      this.#load = null;
      this.context = null;
    }

    getCacheAge(): number | null {
      return null;
    }

    getResponseHeader(name: string): string | null {
      const request = this.#load?.request;
      return request instanceof XMLHttpRequest ? request.getResponseHeader(name) : null;
    }
  };
}
