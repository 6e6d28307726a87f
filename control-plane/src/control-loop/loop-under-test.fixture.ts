// For tests: a control loop on a real catalog and a clock that is moved by hand, with agents that do their work.
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import type { AssetView, NodeRecord } from "../catalog/records.ts";
import { aDescription, anAsset, aSource, aToken } from "../catalog/contract/builders.ts";
import type { CatalogUnderTest } from "../catalog/contract/under-test.ts";
import { openTestCatalog } from "../catalog/sqlite/test-catalog.ts";
import type { ControlLoop } from "./control-loop.ts";
import { FakeAgent } from "./fake-agent.fixture.ts";
import type { Grant } from "./fake-agent.fixture.ts";
import { ManualClock } from "./manual-clock.fixture.ts";
import { openControlLoop } from "./open-control-loop.ts";
import type { LoopSettings } from "./settings.ts";

export class LoopUnderTest implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly agents: FakeAgent[] = [];
  readonly #opened: CatalogUnderTest;
  readonly #ground: Ground;
  #loop: ControlLoop;

  private constructor(ground: Ground, loop: ControlLoop) {
    this.#ground = ground;
    this.#opened = ground.opened;
    this.clock = ground.clock;
    this.#loop = loop;
  }

  /** Each agent by its name and region. */
  static async open(
    agents: Readonly<Record<string, string>>,
    settings: Partial<LoopSettings> = {},
  ): Promise<LoopUnderTest> {
    const opened = await openTestCatalog();
    const clock = new ManualClock();
    const test = new LoopUnderTest({ opened, clock, settings }, await openLoop({ opened, clock, settings }));
    for (const [name, region] of Object.entries(agents)) await test.join(name, region);
    return test;
  }

  get loop(): ControlLoop {
    return this.#loop;
  }

  get catalog() {
    return this.#opened.catalog;
  }

  async join(name: string, region: string): Promise<FakeAgent> {
    const at = this.clock.now();
    const token = await this.catalog.commands.createToken(
      { ...aToken(), createdAt: at, expiresAt: at + 60_000 },
      "user:test",
    );
    const description = aDescription({ name, region, toolchain: "x1", capacityBytes: 1e12 });
    const nodeId = newId("node", at);
    const node = { tokenId: token.id, node: description, nodeId, certificateExpiresAt: at + 1e9, at };
    await this.catalog.commands.joinNode(node);
    const agent = new FakeAgent({ nodeId, description, incarnation: this.catalog.identity.incarnation }, this.#loop);
    this.agents.push(agent);
    await agent.connect();
    return agent;
  }

  agent(name: string): FakeAgent {
    const found = this.agents.find(({ description }) => description.name === name);
    if (found === undefined) throw new Error(`no agent ${name}`);
    return found;
  }

  agentAt(nodeId: NodeId | null | undefined): FakeAgent {
    const found = this.agents.find((agent) => agent.nodeId === nodeId);
    if (found === undefined) throw new Error(`no agent ${nodeId ?? ""}`);
    return found;
  }

  /** A new asset whose source has arrived at its first home. */
  async ingest(replicas = 2): Promise<AssetId> {
    const wish = { assetId: newId("asset", this.clock.now()), replicas, regions: [], bytes: 5_000, pins: [] };
    const { homes, reasons: homeReasons } = await this.#loop.chooseHomes(wish);
    const placed = { id: wish.assetId, homes, homeReasons, replicasWanted: replicas };
    const created = anAsset({ ...placed, at: this.clock.now() });
    await this.catalog.commands.createAsset(created);
    await this.agentAt(homes[0]).upload(wish.assetId, aSource(created));
    return wish.assetId;
  }

  async view(assetId: AssetId): Promise<AssetView> {
    const view = await this.catalog.queries.getAssetView(assetId);
    if (view === null) throw new Error(`no asset ${assetId}`);
    return view;
  }

  async node(name: string): Promise<NodeRecord> {
    const node = await this.catalog.queries.getNode(name);
    if (node === null) throw new Error(`no node ${name}`);
    return node;
  }

  /** Time passes, and the agents that are connected beat each second. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      for (const agent of this.agents) agent.beat();
      this.clock.advance(1_000);
      await this.settle();
    }
  }

  /** Lets the loop do what it is about to, without time to speak of. */
  async settle(): Promise<void> {
    for (let step = 0; step < 8; step += 1) {
      await delay(1);
      this.clock.advance(5);
    }
  }

  /** Time passes until it is so. Fails after so many seconds on the loop's clock. */
  async until(isSo: () => boolean | Promise<boolean>, limitSeconds = 60): Promise<void> {
    for (let second = 0; second < limitSeconds; second += 1) {
      for (let step = 0; step < 4; step += 1) {
        if (await isSo()) return;
        await this.settle();
      }
      await this.pass(1);
    }
    throw new Error(`not so after ${limitSeconds} s`);
  }

  /** Waits until some agent runs work of that kind; gives the agent and the grant. */
  async untilRunning(kind: Grant["work"]["kind"]): Promise<{ agent: FakeAgent; grant: Grant }> {
    const find = () => this.agents.find((agent) => agent.runs(kind) !== undefined);
    await this.until(() => find() !== undefined);
    const agent = find();
    const grant = agent?.runs(kind);
    if (agent === undefined || grant === undefined) throw new Error(`nobody runs ${kind}`);
    return { agent, grant };
  }

  async isIn(assetId: AssetId, state: AssetView["asset"]["state"]): Promise<boolean> {
    return (await this.view(assetId)).asset.state === state;
  }

  async isSettled(assetId: AssetId): Promise<boolean> {
    return (await this.view(assetId)).asset.settled;
  }

  /** The control plane is stopped and started again; its agents keep what they run. */
  async restart(): Promise<void> {
    await this.stopLoop();
    await this.#opened.reopen();
    this.#loop = await openLoop(this.#ground);
  }

  async stopLoop(): Promise<void> {
    // Its last look may be asleep, and this clock does not move by itself.
    const moving = new AbortController();
    const moved = this.#moveUntil(moving.signal);
    await this.#loop[Symbol.asyncDispose]();
    moving.abort();
    await moved;
  }

  async #moveUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopLoop();
    await this.#opened[Symbol.asyncDispose]();
  }
}

interface Ground {
  readonly opened: CatalogUnderTest;
  readonly clock: ManualClock;
  /** What differs from the defaults. */
  readonly settings: Partial<LoopSettings>;
}

async function openLoop({ opened, clock, settings }: Ground): Promise<ControlLoop> {
  const { log } = openLog({ program: "test", level: "silent" });
  return await openControlLoop({ catalog: opened.catalog, clock, log, ticketKeyPem: "key", settings });
}
