// One control plane with 500 agents and 20,000 assets: the built program, the agents' real protocol, hollow tasks.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Metadata, credentials } from "@grpc/grpc-js";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { AdminServiceClient } from "@vstream/proto/admin.ts";
import type {
  CreateAssetResponse,
  CreateTokenResponse,
  GetAssetResponse,
  ListAssetsResponse,
  ListNodesResponse,
  ListOptions,
} from "@vstream/proto/admin.ts";
import { fillCatalog } from "../../control-plane/src/catalog/sqlite/large-catalog.fixture.ts";
import { objectNamed } from "../../control-plane/src/testing/made-up-media.ts";
import { asked } from "../../control-plane/src/testing/unary.ts";
import { eventually, repository } from "../cluster/cluster.ts";
import { cpuSecondsOf, residentBytesOf } from "./cpu-time.ts";
import { HollowFleet } from "./hollow-fleet.ts";
import { atLeast, atMost, percentile } from "./row.ts";
import type { Measurement, Row } from "./row.ts";

const agents = 500;
const assets = 20_000;
/** Assets that are ingested meanwhile, so that there is something to schedule: 16 or 17 tasks each. */
const ingests = 320;
/** As many begin in a second: what comes of them is somewhat more than the bar, and no more than that. */
const ingestsPerSecond = 12;
const pollMs = 1_000;
const quietMs = 15_000;
const calls = 200;

export const scaleMeasurements: readonly Measurement[] = [
  {
    name: "scale",
    async measure() {
      const folder = await mkdtemp(join(tmpdir(), "vstream-scale-"));
      try {
        return await measureIn(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  },
];

async function measureIn(folder: string): Promise<Row[]> {
  const ports = await freePorts(3);
  const at = ports.map((port) => `127.0.0.1:${String(port)}`);
  const [listen = "", agentListen = "", httpListen = ""] = at;
  const config = join(folder, "control.yaml");
  await writeFile(config, JSON.stringify({ dataDir: folder, listen, agentListen, httpListen, logLevel: "warn" }));
  const start = async (): Promise<Program> => await Program.start(config, `http://${httpListen}`);

  let program = await start();
  const access = JSON.parse(await readFile(join(folder, "vsctl.json"), "utf8")) as Access;
  using fleet = new HollowFleet({ address: listen, agentAddress: agentListen, authorityPem: access.authorityPem });
  const admin = new Admin(listen, access);
  await fleet.join(await admin.nodeTokens(agents));
  // Nodes that are up, as in a cluster that has run for long.
  await fleet.open(new Map());
  fleet.close();
  await program.stop();

  const nodeIds = fleet.nodeIds as NodeId[];
  const holdings = fillCatalog(join(folder, "catalog.sqlite"), { assets, nodeIds });
  program = await start();
  const { startedMs } = program;
  try {
    await fleet.open(holdings);
    return [
      atMost({
        name: "scale-restart",
        value: startedMs,
        unit: "ms",
        against: "the limit",
        againstValue: 2_000,
        most: 1,
      }),
      ...(await underLoad(program, fleet, admin)),
      ...(await lists(admin)),
    ];
  } finally {
    admin.close();
    fleet.close();
    await program.stop();
  }
}

/** Heartbeats, transitions, memory and processor while assets come in. */
async function underLoad(program: Program, fleet: HollowFleet, admin: Admin): Promise<Row[]> {
  // What follows upon 500 inventories at once is not what goes on from day to day.
  await sleep(quietMs);
  fleet.takeBeats();
  fleet.takeEnded();
  const cpuBefore = await cpuSecondsOf(program.pid);
  const startedAt = performance.now();
  await admin.ingest(ingests, fleet);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = (await cpuSecondsOf(program.pid)) - cpuBefore;
  const beats = fleet.takeBeats();
  // Each task is created, leased and ended, each time durably.
  const transitions = (3 * fleet.takeEnded()) / seconds;
  const limit = { against: "the limit", most: 1 } as const;
  return [
    atMost({ name: "scale-heartbeat-p99", value: percentile(beats, 0.99), unit: "ms", againstValue: 50, ...limit }),
    atLeast({
      name: "scale-transitions",
      value: transitions,
      unit: "/s",
      against: "the limit",
      againstValue: 500,
      least: 1,
    }),
    atMost({ name: "scale-cores", value: cpu / seconds, unit: "cores", againstValue: 1, ...limit }),
    atMost({
      name: "scale-memory",
      value: (await residentBytesOf(program.pid)) / 1e6,
      unit: "MB",
      againstValue: 400,
      ...limit,
    }),
  ];
}

async function lists(admin: Admin): Promise<Row[]> {
  const sorts = ["", "title", "-createdAt", "state"];
  const assetTimes = await timed((call) =>
    admin.listAssets({ sort: sorts[call % sorts.length] ?? "", search: call % 3 === 0 ? "news" : "" }),
  );
  const nodeTimes = await timed(() => admin.listNodes());
  const row = (name: string, times: readonly number[]): Row =>
    atMost({ name, value: percentile(times, 0.99), unit: "ms", against: "the limit", againstValue: 100, most: 1 });
  return [row("scale-assets-list-p99", assetTimes), row("scale-nodes-list-p99", nodeTimes)];
}

async function timed(act: (call: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const startedAt = performance.now();
    await act(call);
    times.push(performance.now() - startedAt);
  }
  return times;
}

interface Access {
  readonly token: string;
  readonly authorityPem: string;
}

class Program {
  readonly startedMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, startedMs: number) {
    this.#child = child;
    this.startedMs = startedMs;
  }

  /** Resolves when it is ready. */
  static async start(config: string, httpUrl: string): Promise<Program> {
    const startedAt = performance.now();
    const binary = join(repository, "dist", "bin", "vstream-control");
    const child = spawn(process.execPath, [binary, "--config", config], { stdio: ["ignore", "inherit", "inherit"] });
    await eventually("the control plane to be ready", async () => {
      if (child.exitCode !== null) throw new Error(`vstream-control ended with ${String(child.exitCode)}`);
      const answer = await fetch(`${httpUrl}/readyz`).catch(() => null);
      return answer?.ok === true ? true : undefined;
    });
    return new Program(child, performance.now() - startedAt);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

class Admin {
  readonly #client: AdminServiceClient;
  readonly #metadata = new Metadata();

  constructor(address: string, { token, authorityPem }: Access) {
    const secure = credentials.createSsl(Buffer.from(authorityPem));
    this.#client = new AdminServiceClient(address, secure, channelOptionsFor("127.0.0.1"));
    this.#metadata.set("authorization", `Bearer ${token}`);
  }

  close(): void {
    this.#client.close();
  }

  async nodeTokens(count: number): Promise<string[]> {
    const request = { kind: "node", name: "", region: "", role: "", expiresMs: 3_600_000 };
    const tokens: string[] = [];
    for (let made = 0; made < count; made += 1) {
      const { secret } = await asked<CreateTokenResponse>((done) =>
        this.#client.createToken(request, this.#metadata, done),
      );
      tokens.push(secret);
    }
    return tokens;
  }

  /** One after the other in an even flow. Resolves when all of them are ready. */
  async ingest(count: number, fleet: HollowFleet): Promise<void> {
    const ingests = Array.from({ length: count }, async (_, index) => {
      await sleep((index / ingestsPerSecond) * 1_000);
      await this.#ingestOne(index, fleet);
    });
    await Promise.all(ingests);
  }

  async #ingestOne(index: number, fleet: HollowFleet): Promise<void> {
    const source = objectNamed(`ingest ${String(index)}`);
    const request = {
      title: `Hollow ${String(index)}`,
      sourceName: `hollow-${String(index)}.mp4`,
      sourceBytes: source.bytes,
      sourceSha256: source.sha256,
      ladder: "",
      replicas: 2,
      regions: [],
      labels: {},
      externalId: "",
      priority: 0,
      pinnedNodes: [],
      ...{ sourceUrl: "", allowDamaged: false, keepSource: "", force: false, subtitles: [] },
    };
    const created = await asked<CreateAssetResponse>((done) => this.#client.createAsset(request, this.#metadata, done));
    const assetId = created.asset?.id ?? "";
    await fleet.upload(created.upload?.nodeId ?? "", assetId, source);
    for (let state = ""; state !== "ready";) {
      await sleep(pollMs);
      const { asset } = await asked<GetAssetResponse>((done) => {
        this.#client.getAsset({ id: assetId }, this.#metadata, done);
      });
      state = asset?.state ?? "";
      if (state === "failed") throw new Error(`${assetId} failed: ${asset?.error?.message ?? ""}`);
    }
  }

  async listAssets({ sort, search }: { sort: string; search: string }): Promise<ListAssetsResponse> {
    const request = { options: { ...page, sort }, search };
    return await asked<ListAssetsResponse>((done) => this.#client.listAssets(request, this.#metadata, done));
  }

  async listNodes(): Promise<ListNodesResponse> {
    return await asked<ListNodesResponse>((done) => this.#client.listNodes({ options: page }, this.#metadata, done));
  }
}

const page: ListOptions = { limit: 50, cursor: "", sort: "", states: [], node: "", labels: {} };

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
