// What the parts of the control loop share; built in open-control-loop.ts.
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Changes } from "./changes.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { LeaseTable } from "./lease-table.ts";
import type { Liveness } from "./liveness.ts";
import type { ManifestNews } from "./manifest-news.ts";
import type { NodeLoads } from "./node-loads.ts";
import type { NodeQueries } from "./node-queries.ts";
import type { Sessions } from "./sessions.ts";
import type { LoopSettings } from "./settings.ts";

export interface LoopParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: LoopSettings;
  readonly sessions: Sessions;
  readonly dispatcher: Dispatcher;
  readonly leases: LeaseTable;
  readonly liveness: Liveness;
  readonly loads: NodeLoads;
  readonly news: ManifestNews;
  readonly queries: NodeQueries;
  readonly changes: Changes;
  /** Told after each look that ended well how long it took; for metrics and readiness. */
  readonly onLook?: ((ms: number) => void) | undefined;
}
