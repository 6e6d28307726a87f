// What the parts of the control loop share; built in open-control-loop.ts.
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Brakes } from "./brakes.ts";
import type { Changes } from "./changes.ts";
import type { DemandMeter } from "./demand-meter.ts";
import type { DirectoryNews } from "./directory-news.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Drains } from "./drains.ts";
import type { EncodeSpeeds } from "./encode-speeds.ts";
import type { LeaseTable } from "./lease-table.ts";
import type { Liveness } from "./liveness.ts";
import type { ManifestNews } from "./manifest-news.ts";
import type { NodeLoads } from "./node-loads.ts";
import type { NodeQueries } from "./node-queries.ts";
import type { Sessions } from "./sessions.ts";
import type { LoopSettings } from "./settings.ts";
import type { CountedFindings } from "./counted-findings.ts";

export interface Look {
  /** How long it took. */
  readonly ms: number;
  readonly brakedRegions: number;
  /** Most nodes are silent together, and nothing is moved. */
  readonly isCutOff: boolean;
  /** Nodes that hash again what they hold of an asset, now. */
  readonly verifications: number;
}

/** Who measures is told; for metrics and readiness. */
export interface LoopObserver {
  /** After each look that ended well. */
  onLook?(look: Look): void;
  /** So many copies were found wrong on some node's disk. */
  onDamage?(copies: number): void;
}

export interface LoopParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: LoopSettings;
  readonly sessions: Sessions;
  readonly arrivals: Arrivals;
  readonly dispatcher: Dispatcher;
  readonly directory: DirectoryNews;
  readonly leases: LeaseTable;
  readonly liveness: Liveness;
  readonly brakes: Brakes;
  readonly drains: Drains;
  readonly loads: NodeLoads;
  readonly demand: DemandMeter;
  readonly encodeSpeeds: EncodeSpeeds;
  readonly countedFindings: CountedFindings;
  readonly news: ManifestNews;
  readonly queries: NodeQueries;
  readonly changes: Changes;
  readonly observer: LoopObserver;
}
