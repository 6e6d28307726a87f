// The parts of a store, built in the order in which they need each other.
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";
import { CacheShelf } from "./cache-shelf.ts";
import { DamageCount } from "./damage-count.ts";
import { DiskLayout } from "./disk-layout.ts";
import { FolderSync } from "./folder-sync.ts";
import { JsonFiles } from "./json-files.ts";
import { ManifestShelf } from "./manifest-shelf.ts";
import { ObjectShelf } from "./object-shelf.ts";
import { PartialSourceFolder } from "./partial-sources.ts";
import { PieceShelf } from "./piece-shelf.ts";
import { Quarantine } from "./quarantine.ts";
import { ScrubPosition } from "./scrub-position.ts";
import { Space } from "./space.ts";
import { StagingFolder, resumeWorthBytes } from "./staging-folder.ts";
import { Turns } from "./turns.ts";

export interface StoreOptions {
  readonly dataDir: string;
  /** For everything that pieces name; the cache lives in what of it is left. */
  readonly capacityBytes: number;
  readonly log: Logger;
  readonly clock: Clock;
  /** At most this much is kept of what no piece names; a tenth of the capacity, at most 20 GiB, unless given. */
  readonly cacheBytes?: number;
  /** Half-received objects smaller than this are not kept; 16 MiB unless given. */
  readonly resumeWorthBytes?: number;
}

export interface Shelves {
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborted when the store closes: what reads for long ends then. */
  readonly closing: AbortSignal;
  readonly layout: DiskLayout;
  readonly space: Space;
  readonly turns: Turns;
  readonly files: JsonFiles;
  readonly staging: StagingFolder;
  readonly objects: ObjectShelf;
  readonly cache: CacheShelf;
  readonly pieces: PieceShelf;
  readonly manifests: ManifestShelf;
  readonly partialSources: PartialSourceFolder;
  readonly quarantine: Quarantine;
  readonly damageCount: DamageCount;
  readonly scrubPosition: ScrubPosition;
}

const cacheShare = 0.1;
const cacheLimitBytes = 20 * 1024 ** 3;

/** Nothing is read from the disk yet. */
export function buildShelves(options: StoreOptions, closing: AbortSignal): Shelves {
  const { capacityBytes, log, clock } = options;
  const layout = new DiskLayout(options.dataDir);
  const folders = new FolderSync();
  const turns = new Turns();
  const sideBytes = Math.min(capacityBytes * cacheShare, cacheLimitBytes);
  const cache = new CacheShelf(layout, options.cacheBytes ?? sideBytes);
  const makeRoom = (freeBytes: number): void => {
    cache.shrinkTo(freeBytes);
  };
  const quarantine = new Quarantine({ layout, clock, capacityBytes });
  const space = new Space({ capacityBytes, folder: options.dataDir, makeRoom, quarantine });
  const files = new JsonFiles({ layout, folders, log, clock });
  return {
    log,
    clock,
    closing,
    layout,
    space,
    turns,
    files,
    cache,
    staging: new StagingFolder({
      ...{ layout, clock, partialLimitBytes: sideBytes },
      resumeWorthBytes: options.resumeWorthBytes ?? resumeWorthBytes,
    }),
    objects: new ObjectShelf({ layout, folders, space, turns, clock }),
    pieces: new PieceShelf({ layout, folders, files }),
    manifests: new ManifestShelf({ layout, files }),
    partialSources: new PartialSourceFolder({ layout, files, clock }),
    quarantine,
    damageCount: new DamageCount({ layout, files, turns, log }),
    scrubPosition: new ScrubPosition({ layout, files, turns, clock, log }),
  };
}
