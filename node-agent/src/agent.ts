// Builds the agent: the only file that knows all of its parts. What is opened here is closed in the opposite order:
// first the tasks end and say so, then viewers are let go, then the line to the control plane.
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { LogMemory, Logger } from "@vstream/core/log.ts";
import type { NodeDescription } from "@vstream/core/media.ts";
import { encodesHevc } from "@vstream/core/toolchain.ts";
import { AgentMetrics } from "./agent-metrics.ts";
import { ClusterMemory } from "./cluster-memory.ts";
import { joinTokenOf } from "./config.ts";
import type { AgentConfig, ListenAddress } from "./config.ts";
import { Conversation } from "./conversation.ts";
import { startCertificateKeeper } from "./identity/certificate-keeper.ts";
import { openIdentity } from "./identity/node-identity.ts";
import type { NodeIdentity } from "./identity/node-identity.ts";
import { StoreHealer } from "./heal-store.ts";
import { advertisedUrl } from "./listen-urls.ts";
import { MachineLoad } from "./machine-load.ts";
import { checkMediaTools } from "./media/media-tools.ts";
import type { MediaTools } from "./media/media-tools.ts";
import { NodeLoad, isBusy } from "./node-load.ts";
import { playerFolder } from "./player-folder.ts";
import { PeerFetcher } from "./replicate/fetcher.ts";
import { openPeers } from "./replicate/peer-client.ts";
import { openPeerListener } from "./replicate/peer-listener.ts";
import type { PeerListener } from "./replicate/peer-listener.ts";
import type { Peers } from "./replicate/peers.ts";
import { VerifiedBlocks } from "./replicate/verified-blocks.ts";
import { openControlLink } from "./rpc/control-link.ts";
import type { ControlLink } from "./rpc/control-link.ts";
import { enterCluster } from "./rpc/enter-cluster.ts";
import type { ControlAddress } from "./rpc/join.ts";
import { ManifestKeeper } from "./rpc/manifest-keeper.ts";
import { openServing } from "./serving/serving.ts";
import type { Serving } from "./serving/serving.ts";
import { authoritiesWith, s3Places } from "./source-config.ts";
import { AddressRules } from "./sources/address-rules.ts";
import { systemResolve } from "./sources/find-host.ts";
import { SourceAccess } from "./sources/source-access.ts";
import { defaultCapacity } from "./store/capacity.ts";
import { diskBusyOf } from "./store/disk-busy.ts";
import { openStore } from "./store/segment-store.ts";
import type { LostCopies, Store } from "./store/store.ts";
import { runWork } from "./tasks/run-work.ts";
import type { WorkDeps } from "./tasks/work-deps.ts";
import { TaskRunner } from "./tasks/task-runner.ts";
import { Timelines } from "./tasks/timelines.ts";
import { agentVersion } from "./version.ts";
import { WatchFolders } from "./watch-folder/watch-folders.ts";

const dayMs = 24 * 3_600_000;

export interface AgentDeps {
  readonly config: AgentConfig;
  readonly log: Logger;
  readonly logMemory: LogMemory;
  readonly clock: Clock;
}

export interface Agent extends AsyncDisposable {
  readonly nodeId: NodeId;
  readonly playback: ListenAddress;
  readonly peer: ListenAddress;
}

/** What an agent stands on: this machine's disk and tools, and the node's place in the cluster. */
interface Ground extends AgentDeps {
  readonly store: Store;
  readonly identity: NodeIdentity;
  readonly nodeId: NodeId;
  readonly tools: MediaTools;
  readonly control: ControlAddress;
  /** Aborted when the agent begins to stop. */
  readonly stopping: AbortSignal;
}

/** How busy the node is. */
interface Health {
  readonly machine: MachineLoad;
  readonly load: NodeLoad;
}

/** Ways to the other programs. */
interface Lines extends Health {
  readonly memory: ClusterMemory;
  readonly peers: Peers;
  readonly peerListener: PeerListener;
  readonly link: ControlLink;
  readonly manifests: ManifestKeeper;
  readonly healer: StoreHealer;
  readonly metrics: AgentMetrics;
}

/** Joins the cluster, as at a first start, and nothing else. Gives the node's id. */
export async function joinOnly(deps: AgentDeps): Promise<NodeId> {
  await using opened = new AsyncDisposableStack();
  return (await openGround(deps, opened, new AbortController().signal)).nodeId;
}

/** @throws VsError with what keeps the agent from starting; nothing stays open then */
export async function startAgent(deps: AgentDeps): Promise<Agent> {
  await using opened = new AsyncDisposableStack();
  const stopping = new AbortController();
  const ground = await openGround(deps, opened, stopping.signal);
  const lines = await openLines(ground, opened);
  const serving = opened.use(await serve(ground, lines));
  const runner = opened.use(openRunner(ground, lines));
  lines.load.include({ serving, runner });
  const addresses = { playback: serving.address, peer: hostAndPort(lines.peerListener.address) };
  const conversation = new Conversation({
    ...{ store: ground.store, logMemory: deps.logMemory, log: deps.log, runner, serving, ...lines },
    describe: () => describe(ground, addresses),
    load: () => lines.load.now(),
    demand: () => serving.demand(),
  });
  watch(ground, lines, runner);
  opened.use(startScrub(ground, lines));
  opened.use(watchFolders(ground, lines, serving));
  lines.link.start({ subject: conversation, listener: conversation });
  opened.defer(() => {
    stopping.abort();
  });
  deps.log.info({ nodeId: ground.nodeId, version: agentVersion, ...addresses }, "agent started");
  const closing = opened.move();
  return { nodeId: ground.nodeId, ...addresses, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

async function openGround(deps: AgentDeps, opened: AsyncDisposableStack, stopping: AbortSignal): Promise<Ground> {
  const { config, clock, log } = deps;
  const { dataDir } = config;
  const tools = await checkMediaTools(config);
  if (!encodesHevc(tools.toolchain)) log.warn({ ffmpegPath: tools.ffmpegPath }, "no HEVC here: ffmpeg lacks libx265");
  const capacityBytes = config.capacityBytes ?? (await defaultCapacity(dataDir));
  const store = opened.use(await openStore({ dataDir, capacityBytes, clock, log: child(deps, "store") }));
  const identity = await openIdentity({ dataDir, clock });
  // Ports that are chosen by the system are told with the first session.
  const node = describe({ config, store, tools }, { playback: config.playbackListen, peer: config.peerListen });
  const entrance = {
    controlUrl: config.controlUrl,
    token: () => joinTokenOf(config),
    identity,
    store,
    node,
    clock,
    log,
  };
  const entered = await enterCluster(entrance, new AbortController().signal);
  return { ...deps, ...entered, store, identity, tools, stopping };
}

async function openHealth({ config, store, clock }: Ground, opened: AsyncDisposableStack): Promise<Health> {
  const machine = opened.use(new MachineLoad({ clock, diskBusyMs: await diskBusyOf(config.dataDir) }));
  return { machine, load: new NodeLoad({ store, machine, egressLimitBps: config.egressLimitBps }) };
}

async function openLines(ground: Ground, opened: AsyncDisposableStack): Promise<Lines> {
  const { store, identity, clock, nodeId, log } = ground;
  const health = await openHealth(ground, opened);
  const memory = await ClusterMemory.open({ documents: store, nodeId, log });
  const peers = opened.use(openPeers({ identity, clock, log: child(ground, "peers") }));
  peers.setDirectory(memory.directory);
  const linkLog = child(ground, "control-link");
  const credentials = () => identity.credentials();
  const link = opened.use(openControlLink({ address: ground.control, credentials, clock, log: linkLog }));
  const renew: ControlLink["renewCertificate"] = (request, signal) => link.renewCertificate(request, signal);
  opened.use(startCertificateKeeper({ identity, renew, clock, log: child(ground, "certificate") }));
  opened.defer(
    identity.onChange(() => {
      link.redial();
    }),
  );
  const getManifest: ControlLink["getManifest"] = (query, signal) => link.getManifest(query, signal);
  const manifests = opened.use(new ManifestKeeper({ store, getManifest, clock, log: child(ground, "manifests") }));
  const healer = opened.use(new StoreHealer({ store, link, clock, log: child(ground, "heal-store") }));
  const listening = openListener(ground, { peers, healer, load: health.load });
  const peerListener = opened.use(await listening);
  return { ...health, memory, peers, peerListener, link, manifests, healer, metrics: new AgentMetrics() };
}

async function openListener(
  ground: Ground,
  { peers, healer, load }: Pick<Lines, "peers" | "healer" | "load">,
): Promise<PeerListener> {
  const { store, identity, clock, config, stopping } = ground;
  return await openPeerListener({
    ...{ store, peers, identity, clock, listen: config.peerListen },
    status: () => ({ ready: load.isComplete && !stopping.aborted, load: load.now() }),
    onDamage: (sha256) => {
      healer.onDamage(sha256);
    },
    log: child(ground, "peer-listener"),
  });
}

async function serve(ground: Ground, lines: Lines): Promise<Serving> {
  const { config, nodeId, store, clock, stopping } = ground;
  const { peers, link, memory, metrics, manifests, healer, machine } = lines;
  return await openServing({
    ...{ nodeId, name: config.name, region: config.region, listen: config.playbackListen, store, peers, clock },
    egressLimitBps: config.egressLimitBps,
    machineLoad: () => machine,
    isControlHeard: () => link.connected,
    askControl: (query, signal) => link.getManifest(query, signal),
    isHome: (assetId) => manifests.isHome(assetId),
    getTicketKey: () => memory.ticketKeyPem,
    reportUpload: (report, signal) => link.reportUpload(report, signal),
    onCorrupt: (sha256) => {
      healer.onDamage(sha256);
    },
    readiness: () => (stopping.aborted ? { ready: false, reason: "stopping" } : { ready: true, reason: "" }),
    registry: metrics.registry,
    playerFolder: playerFolder(),
    log: child(ground, "serving"),
  });
}

function startScrub({ config, store }: Ground, { load, healer }: Lines): AsyncDisposable {
  return store.startScrub({
    periodMs: config.scrubDays * dayMs,
    isBusy: () => isBusy(load.now()),
    onDamage: (sha256) => {
      healer.onDamage(sha256);
    },
  });
}

function watchFolders({ config, store, clock, log }: Ground, { link }: Lines, serving: Serving): WatchFolders {
  return new WatchFolders({
    ...{ folders: config.watch, store, clock, log: log.child({ component: "watch-folders" }) },
    isControlHeard: () => link.connected,
    offerSource: (offer, signal) => link.offerSource(offer, signal),
    requireRoom: (source) => serving.requireRoom(source),
    takeIn: (source, open) => serving.takeIn(source, open),
    forgetUploads: (assetIds) => serving.forgetUploads(assetIds),
  });
}

function openRunner(ground: Ground, { peers, link, metrics, healer }: Lines): TaskRunner {
  const { nodeId, tools, store, clock } = ground;
  const log = child(ground, "tasks");
  const onDamage = (sha256: Sha256): void => {
    healer.onDamage(sha256);
  };
  const fetcher = new PeerFetcher({ store, peers, onDamage, log });
  const timelines = new Timelines({ fetcher });
  const onLost = (lost: LostCopies): void => {
    healer.onLost(lost);
  };
  const verifiedBlocks = new VerifiedBlocks();
  const workDeps: WorkDeps = {
    ...{ nodeId, tools, store, fetcher, peers, timelines, verifiedBlocks, onDamage, onLost, log },
    sources: sourcesOf(ground),
    askControl: (query, signal) => link.getManifest(query, signal),
    getSubtitleFile: (query, signal) => link.getSubtitleFile(query, signal),
  };
  return new TaskRunner({
    ...{ clock, log, store, reporting: link },
    runWork: (work, context) => runWork(workDeps, work, context),
    onLost,
    onEnded: (ended) => {
      metrics.taskEnded(ended);
    },
  });
}

function sourcesOf({ config, clock }: AgentDeps): WorkDeps["sources"] {
  const { allowNetworks, caFile, maxSourceBytes } = config.fetch;
  const access = new SourceAccess({
    rules: new AddressRules(allowNetworks),
    resolve: systemResolve,
    places: s3Places(config.s3, process.env),
    authorities: authoritiesWith(caFile),
    userAgent: `vstream-agent/${agentVersion}`,
    clock,
  });
  return { access, clock, maxSourceBytes };
}

function watch({ store, identity, clock }: Ground, { link, metrics }: Lines, runner: TaskRunner): void {
  metrics.watch({
    tasksRunning: () => runner.running,
    usedBytes: () => store.usage.usedBytes,
    capacityBytes: () => store.usage.capacityBytes,
    scrub: () => store.scrub,
    now: () => clock.now(),
    certificateExpiresAt: () => identity.expiresAt,
    connected: () => link.connected,
  });
}

function describe(
  { config, store, tools }: Pick<Ground, "config" | "store" | "tools">,
  listens: { playback: ListenAddress; peer: ListenAddress },
): NodeDescription {
  return {
    name: config.name,
    region: config.region,
    zone: config.zone,
    labels: config.labels,
    playbackUrl: advertisedUrl("http", listens.playback, config.playbackUrl),
    peerUrl: advertisedUrl("https", listens.peer, config.peerUrl),
    version: agentVersion,
    ffmpegVersion: tools.ffmpegVersion,
    toolchain: tools.toolchain,
    encodeSlots: config.encodeSlots,
    capacityBytes: store.usage.capacityBytes,
  };
}

function hostAndPort({ address, port }: { readonly address: string; readonly port: number }): ListenAddress {
  return { host: address, port };
}

function child({ log }: AgentDeps, component: string): Logger {
  return log.child({ component });
}
