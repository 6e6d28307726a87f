// Builds the playback side of an agent: the listener, what answers its routes, and the numbers for heartbeats.
import type { Registry } from "prom-client";
import type { Clock } from "@vstream/core/clock.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import { isId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { AssetDemand } from "@vstream/core/media.ts";
import type { Peers } from "../replicate/peers.ts";
import type { NodeLoad, Rng } from "../steering/choose-pathways.ts";
import { Steering } from "../steering/steering.ts";
import type { Store } from "../store/store.ts";
import { answersOf } from "./answers.ts";
import { HotObjects, defaultHotBytes } from "./hot-objects.ts";
import { openHttpServer } from "./http-server.ts";
import type { Answered } from "./http-server.ts";
import { KeptTexts } from "./kept-texts.ts";
import { LoadMeter } from "./load-meter.ts";
import type { ServingLoad } from "./load-meter.ts";
import { Manifests } from "./manifests.ts";
import type { AskControl } from "./manifests.ts";
import { PullThrough } from "./pull-through.ts";
import { receiveUploads } from "./receive-upload.ts";
import { routesFor } from "./routes.ts";
import { AssetFiles } from "./serve-asset.ts";
import { ExtraFiles } from "./serve-extras.ts";
import { SourceFiles } from "./serve-source.ts";
import { registerMetrics } from "./serving-metrics.ts";
import type { ServingMetrics } from "./serving-metrics.ts";
import { UploadReports } from "./upload-reports.ts";
import type { ReportUpload } from "./upload-reports.ts";
import { Uploads } from "./uploads.ts";

export interface ServingDeps {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly region: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly store: Store;
  readonly peers: Pick<Peers, "directory" | "getManifest" | "openObject" | "getStatus" | "tellDamage">;
  readonly askControl: AskControl;
  /** Whether the control plane counts this node as a home of the asset; null when it has not said so. */
  readonly isHome: (assetId: AssetId) => boolean | null;
  /** Whether a session with the control plane is open, so that the directory is as it sees the nodes now. */
  readonly isControlHeard: () => boolean;
  /** What the operator lets this node send, bit/s; 0: no limit is set. */
  readonly egressLimitBps: number;
  /** Share of the machine's processors in use, 0 to 1. Asked at each steering answer: it must not measure then. */
  readonly machineLoad: () => { readonly processor: number };
  /** The control plane's public key for tickets (SPKI, PEM); null before the first Welcome. */
  readonly getTicketKey: () => string | null;
  readonly reportUpload: ReportUpload;
  /** An object on this node's disk is not what its name says: it was not served, and should be dropped and fetched. */
  readonly onCorrupt: (sha256: Sha256) => void;
  readonly readiness: () => { readonly ready: boolean; readonly reason: string };
  readonly registry: Registry;
  /** Where the player was built to. */
  readonly playerFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Memory for hot segments; 128 MiB unless told. */
  readonly hotBytes?: number;
  /** What spreads viewers over nodes; Math.random unless told. */
  readonly rng?: Rng;
}

export interface Serving extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  /** For heartbeats, and for nodes that ask how this one is. */
  load(): ServingLoad;
  /** The most watched assets, at most 20, most viewers first. */
  demand(): readonly AssetDemand[];
  /** As Uploads.takeIn: a source that lies elsewhere on this machine. */
  takeIn: Uploads["takeIn"];
  /** As Uploads.requireRoom. */
  requireRoom: Uploads["requireRoom"];
  /** Assets whose source has begun to come here and is not whole. */
  unfinishedUploads(): Promise<readonly AssetId[]>;
  /** Removes unfinished uploads, with the space kept for them; one that has become whole meanwhile stays. */
  forgetUploads(assetIds: readonly AssetId[]): Promise<void>;
}

/** @throws VsError port_taken */
export async function openServing(deps: ServingDeps): Promise<Serving> {
  await using opened = new AsyncDisposableStack();
  const meter = new LoadMeter(deps.clock);
  const metrics = registerMetrics(deps.registry, meter);
  const manifests = opened.use(new Manifests(deps));
  const steering = opened.use(openSteering(deps, meter));
  const hot = opened.use(
    new HotObjects({
      store: deps.store,
      pullThrough: new PullThrough({ ...deps, rankOf: (nodeId) => steering.rankOf(nodeId) }),
      maxBytes: deps.hotBytes ?? defaultHotBytes,
      onCorrupt: deps.onCorrupt,
      onRead: (from) => {
        metrics.reads.inc({ from });
      },
    }),
  );
  const reports = opened.use(await UploadReports.open(deps));
  const uploads = opened.use(await Uploads.open({ ...deps, reports }));
  const ground = { manifests, hot, texts: new KeptTexts(), clock: deps.clock };
  const [files, extras, sources] = [new AssetFiles(ground), new ExtraFiles(ground), new SourceFiles(deps)];
  const parts = { manifests, meter, files, extras, steering, sources, uploads: receiveUploads(uploads, deps) };
  const answers = answersOf(deps, parts);
  const server = opened.use(
    await openHttpServer({
      listen: deps.listen,
      routes: routesFor(answers),
      log: deps.log,
      onAnswered: (answered) => {
        count(answered, meter, metrics);
      },
      onConnection: (socket) => {
        meter.connectionOpened();
        socket.once("close", () => {
          meter.connectionClosed();
        });
      },
    }),
  );
  const closing = opened.move();
  return {
    address: { host: server.address.address, port: server.address.port },
    load: () => meter.load(),
    demand: () => meter.demand(),
    takeIn: (source, open) => uploads.takeIn(source, open),
    requireRoom: (source) => uploads.requireRoom(source),
    unfinishedUploads: () => uploads.unfinished(),
    forgetUploads: (assetIds) => uploads.forget(assetIds),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

function openSteering(deps: ServingDeps, meter: LoadMeter): Steering {
  const ownLoad = (): NodeLoad => {
    return { ...meter.load(), egressLimitBps: deps.egressLimitBps, processor: deps.machineLoad().processor };
  };
  return new Steering({
    ...deps,
    ownLoad,
    isReady: () => deps.readiness().ready,
    rng: deps.rng ?? Math.random,
  });
}

function count({ route, parts, response }: Answered, meter: LoadMeter, metrics: ServingMetrics): void {
  const sentBytes = response.writableFinished ? Number(response.getHeader("content-length") ?? 0) : 0;
  const bytes = response.req.method === "HEAD" ? 0 : sentBytes;
  const { asset = "" } = parts;
  meter.sent(bytes, isId("asset", asset) ? asset : null);
  metrics.requests.inc({ route, status: String(response.statusCode) });
  metrics.sentBytes.inc({ route }, bytes);
}
