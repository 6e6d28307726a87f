// For tests: an agent's end of the link, which remembers what it hears and says what the test wants.
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { quietLog } from "../store/trial-store.fixture.ts";
import { openControlLink } from "./control-link.ts";
import type { ControlLink } from "./control-link.ts";
import type {
  ControlListener,
  ControlSubject,
  Lease,
  LeaseGrant,
  ManifestNews,
  Question,
  Renewal,
  Welcome,
} from "./control-messages.ts";
import type { TrialControlPlane } from "./trial-control-plane.fixture.ts";

export const nodeId = newId("node", 0);
export const assetId = newId("asset", 0);

export class Heard implements ControlListener, ControlSubject {
  readonly welcomes: Welcome[] = [];
  readonly grants: LeaseGrant[] = [];
  readonly renewals: Renewal[] = [];
  readonly cancels: Lease[] = [];
  readonly news: ManifestNews[] = [];
  unknown: AssetId[] = [];
  unwanted: AssetId[] = [];
  uploads: AssetId[] = [];
  directory: readonly NodeAddress[] = [];
  held: Lease[] = [];
  pieces = new Map<AssetId, PieceId[]>();
  lastPassEndedAt: number | null = null;

  welcomed(welcome: Welcome): void {
    this.welcomes.push(welcome);
  }
  granted(grant: LeaseGrant): void {
    this.grants.push(grant);
  }
  renewed(renewal: Renewal): void {
    this.renewals.push(renewal);
  }
  cancelled(lease: Lease): void {
    this.cancels.push(lease);
  }
  directoryChanged(nodes: readonly NodeAddress[]): void {
    this.directory = nodes;
  }
  manifestsChanged(news: ManifestNews): void {
    this.news.push(news);
  }
  assetsUnknown(assetIds: readonly AssetId[]): void {
    this.unknown = [...assetIds];
  }
  uploadsUnwanted(assetIds: readonly AssetId[]): void {
    this.unwanted = [...assetIds];
    this.uploads = [];
  }
  unfinishedUploads() {
    return Promise.resolve(this.uploads);
  }
  answer(question: Question): string[] {
    if (question.kind === "task_log") throw new VsError("task_not_found", "no such task");
    return ["one", "two"].slice(-question.lines);
  }
  disconnected(): void {
    // Nothing is kept of it.
  }
  describe() {
    const urls = { playbackUrl: "http://a", peerUrl: "https://a" };
    const build = { version: "1", ffmpegVersion: "5", toolchain: "t", encodeSlots: 2, capacityBytes: 100 };
    return { name: "eu-1", region: "eu", zone: "rack-7", labels: { rack: "7" }, ...urls, ...build };
  }
  heartbeat() {
    const disk = { usedBytes: 1, capacityBytes: 100, tasksRunning: 0, disk: 0.5, processor: 0.25 };
    const served = { viewers: 2, egressBps: 10.4, connections: 3, egressLimitBps: 0, viewersQuietMs: 1234.5 };
    const scrub = { passStartedAt: 5, checkedBytes: 6, totalBytes: 7, damagedFound: 1, quarantined: 1 };
    const demand = Array.from({ length: 25 }, () => ({ assetId, viewers: 2, egressBps: 10.4 }));
    return { load: { ...disk, ...served }, scrub: { ...scrub, lastPassEndedAt: this.lastPassEndedAt }, demand };
  }
  leases(): readonly Lease[] {
    return this.held;
  }
  inventory() {
    return this.pieces;
  }
}

/** Dials at once. */
export async function linkTo(
  control: TrialControlPlane,
  heard: Heard,
  clock: Clock = systemClock,
): Promise<ControlLink> {
  const credentials = await control.nodeCredentials(nodeId);
  const link = openControlLink({
    address: { host: "127.0.0.1", port: control.agentPort },
    credentials: () => credentials,
    clock,
    log: quietLog,
  });
  link.start({ subject: heard, listener: heard });
  return link;
}
