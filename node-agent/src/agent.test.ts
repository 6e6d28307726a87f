import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import { newId } from "@vstream/core/ids.ts";
import { formatToken, mintToken } from "@vstream/core/join-token.ts";
import { startAgent } from "./agent.ts";
import type { Agent } from "./agent.ts";
import { loadAgentConfig } from "./config.ts";
import { TrialControlPlane, until } from "./rpc/trial-control-plane.fixture.ts";
import { give, openTrialServer, sourceBytes } from "./sources/trial-source.fixture.ts";
import { openTrialStore, pieceOf, quietLog, refOf, trialFolder } from "./store/trial-store.fixture.ts";

interface Place extends AsyncDisposable {
  readonly control: TrialControlPlane;
  readonly folder: string;
}

async function place(): Promise<Place> {
  const control = await TrialControlPlane.start();
  control.answers.nodeId = newId("node", 0);
  const folder = await trialFolder();
  return {
    control,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await control[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function tokenOf(control: TrialControlPlane): string {
  return formatToken(mintToken(control.authoritySha256, 0));
}

function start({ control, folder }: Place, env: Readonly<Record<string, string>> = {}): Promise<Agent> {
  const config = loadAgentConfig(undefined, {
    VSTREAM_NAME: "eu-1",
    VSTREAM_DATA_DIR: folder,
    VSTREAM_CONTROL_URL: control.controlUrl,
    VSTREAM_PLAYBACK_LISTEN: "127.0.0.1:0",
    VSTREAM_PEER_LISTEN: "127.0.0.1:0",
    VSTREAM_CAPACITY_BYTES: "100000000",
    ...env,
  });
  return startAgent({ config, log: quietLog, logMemory: { last: () => [] }, clock: systemClock });
}

describe("agent", () => {
  it("joins with its token, and says under which addresses it can be reached", async () => {
    await using here = await place();
    await using agent = await start(here, { VSTREAM_JOIN_TOKEN: tokenOf(here.control) });
    assert.equal(agent.nodeId, here.control.answers.nodeId);
    await until("an inventory", () => here.control.inventories.length === 1);
    const node = here.control.heard("hello")[0]?.node;
    assert.equal(node?.playbackUrl, `http://127.0.0.1:${agent.playback.port}`);
    assert.equal(node.peerUrl, `https://127.0.0.1:${agent.peer.port}`);
    assert.notEqual(node.toolchain, "");
  });

  it("is ready, and shows its numbers", async () => {
    await using here = await place();
    await using agent = await start(here, { VSTREAM_JOIN_TOKEN: tokenOf(here.control) });
    const url = `http://127.0.0.1:${agent.playback.port}`;
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /^vstream_store_capacity_bytes 100000000$/m);
    assert.match(metrics, /^vstream_certificate_seconds_left [1-9]/m);
  });

  it("needs no token when it starts again, and no control plane to serve", async () => {
    await using here = await place();
    const first = await start(here, { VSTREAM_JOIN_TOKEN: tokenOf(here.control) });
    await first[Symbol.asyncDispose]();
    here.control.stop();
    await using again = await start(here);
    assert.equal((await fetch(`http://127.0.0.1:${again.playback.port}/readyz`)).status, 200);
    await here.control.listen();
    await until("a session", () => here.control.sessions === 1);
    assert.equal(here.control.joins.length, 1);
  });

  it("does what it is told and reports it", async () => {
    await using here = await place();
    await using _agent = await start(here, { VSTREAM_JOIN_TOKEN: tokenOf(here.control) });
    await until("a session", () => here.control.inventories.length === 1);
    const work = { $case: "discard" as const, value: { pieceIds: [] } };
    const ids = { taskId: newId("task", 0), assetId: newId("asset", 0) };
    here.control.send({ $case: "leaseGrant", value: { ...ids, epoch: 1, term: 1, timeLimitMs: 0, work } });
    await until("a report", () => here.control.taskReports.length === 1);
    assert.equal(here.control.taskReports[0]?.outcome?.$case, "succeeded");
  });

  it("fetches a source from where its configuration lets it, and reports it", async () => {
    await using here = await place();
    const film = sourceBytes(200_000);
    await using server = await openTrialServer((request, response) => {
      give(request, response, { bytes: film });
    });
    const settings = { VSTREAM_JOIN_TOKEN: tokenOf(here.control), VSTREAM_FETCH: '{"allowNetworks":["127.0.0.0/8"]}' };
    await using _agent = await start(here, settings);
    await until("a session", () => here.control.inventories.length === 1);
    const ends = async (url: string) => {
      const work = { $case: "fetch" as const, value: { url, limitBytes: 0 } };
      const ids = { taskId: newId("task", 0), assetId: newId("asset", 0) };
      const before = here.control.taskReports.length;
      here.control.send({ $case: "leaseGrant", value: { ...ids, epoch: 1, term: 1, timeLimitMs: 0, work } });
      await until("a report", () => here.control.taskReports.length > before);
      return here.control.taskReports.at(-1)?.outcome;
    };
    const fetched = await ends(`http://127.0.0.1:${server.port}/a.mp4`);
    assert.ok(fetched?.$case === "succeeded");
    const content = fetched.value.pieces[0]?.content;
    assert.ok(content?.$case === "source");
    assert.deepEqual(content.value.source, refOf(film));
    const refused = await ends(`http://[::1]:${server.port}/a.mp4`);
    assert.ok(refused?.$case === "failed");
    assert.deepEqual([refused.value.code, refused.value.retryable], ["source_forbidden", false]);
  });

  it("asks whether what it has begun to fetch is still wanted, and removes what is not", async () => {
    await using here = await place();
    const [wanted, unwanted] = [newId("asset", 0), newId("asset", 0)];
    const origin = { url: "https://films.example/a", etag: '"1"', lastModified: null, totalBytes: 6 };
    {
      await using store = await openTrialStore(here.folder);
      for (const assetId of [wanted, unwanted]) {
        await using partial = await store.partialSources.open(assetId);
        await partial.restart(origin);
      }
    }
    here.control.answers.unwantedAssetIds = [unwanted];
    await using _agent = await start(here, { VSTREAM_JOIN_TOKEN: tokenOf(here.control) });
    const left = (): string[] => readdirSync(join(here.folder, "fetches"));
    await until("it to be gone", () => !left().some((name) => name.startsWith(unwanted)));
    assert.deepEqual(left().sort(), [`${wanted}.json`, `${wanted}.part`]);
  });

  it("finds a wrong file by itself, says so at once, and says so again when asked to verify", async () => {
    await using here = await place();
    const bytes = Buffer.alloc(5000, "a");
    const assetId = newId("asset", 0);
    const piece = pieceOf(0, [refOf(bytes)]);
    const other = pieceOf(1, [refOf(Buffer.alloc(100, "b"))]);
    {
      await using store = await openTrialStore(here.folder);
      await store.putBytes(bytes);
      await store.putBytes(Buffer.alloc(100, "b"));
      for (const made of [piece, other]) await store.recordPiece(assetId, made);
      await writeFile(store.pathOf(refOf(bytes).sha256)!, Buffer.alloc(5000, "c"));
    }
    const token = { VSTREAM_JOIN_TOKEN: tokenOf(here.control), VSTREAM_ZONE: "rack-7" };
    await using agent = await start(here, { ...token, VSTREAM_EGRESS_LIMIT_BPS: "1000000" });
    // By its hash it is the first that the scrub reads, and that begins with the agent.
    await until("word of damage", () => here.control.damageReports.length === 1);
    assert.deepEqual(here.control.damageReports[0]?.entries, [{ assetId, pieceIds: [piece.id] }]);
    await until("a heartbeat", () => here.control.heard("heartbeat").some((beat) => beat.scrub?.damagedFound === 1));
    const beat = here.control.heard("heartbeat").at(-1);
    assert.deepEqual(
      [beat?.scrub?.quarantined, beat?.load?.egressLimitBps, beat?.load?.usedBytes],
      [1, 1_000_000, 100],
    );
    assert.equal(here.control.heard("hello")[0]?.node?.zone, "rack-7");

    const work = { $case: "verify" as const, value: { pieceIds: [piece.id, other.id] } };
    const ids = { taskId: newId("task", 0), assetId };
    here.control.send({ $case: "leaseGrant", value: { ...ids, epoch: 1, term: 1, timeLimitMs: 0, work } });
    await until("a report", () => here.control.taskReports.length === 1);
    const outcome = here.control.taskReports[0]?.outcome;
    assert.ok(outcome?.$case === "succeeded");
    assert.deepEqual([outcome.value.damagedPieceIds, outcome.value.checkedBytes], [[piece.id], 100]);
    const metrics = await (await fetch(`http://127.0.0.1:${agent.playback.port}/metrics`)).text();
    assert.match(metrics, /^vstream_store_damaged_found 1$/m);
  });

  it("does not start without a token, nor under another cluster than its own", async () => {
    await using here = await place();
    await using other = await place();
    await assert.rejects(start(here), { code: "unauthenticated", exitCode: 4 });
    const first = await start(here, { VSTREAM_JOIN_TOKEN: tokenOf(here.control) });
    await first[Symbol.asyncDispose]();
    const env = { VSTREAM_CONTROL_URL: other.control.controlUrl };
    await assert.rejects(start(here, env), { code: "wrong_cluster", exitCode: 4 });
  });

  it("names the address that is taken, and lets go of everything", async () => {
    await using here = await place();
    const taken = createServer().listen(0, "127.0.0.1");
    await until("a listener", () => taken.listening);
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const token = { VSTREAM_JOIN_TOKEN: tokenOf(here.control) };
    const attempt = start(here, { ...token, VSTREAM_PLAYBACK_LISTEN: address });
    await assert.rejects(attempt, { code: "port_taken", message: new RegExp(address) });
    taken.close();
    await using agent = await start(here);
    assert.equal(agent.nodeId, here.control.answers.nodeId);
  });

  it("says which program is missing before it spends its token", async () => {
    await using here = await place();
    const env = { VSTREAM_JOIN_TOKEN: tokenOf(here.control), VSTREAM_FFMPEG_PATH: "/nowhere/ffmpeg" };
    await assert.rejects(start(here, env), { code: "ffmpeg_missing", message: /\/nowhere\/ffmpeg/ });
    assert.equal(here.control.joins.length, 0);
  });
});
