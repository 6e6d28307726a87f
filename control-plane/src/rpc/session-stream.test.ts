import assert from "node:assert/strict";
import type { ReportInventoryResponse, SessionRequest } from "@vstream/proto/agent.ts";
import { newId } from "@vstream/core/ids.ts";
import { dialAgents, join, openSession } from "../testing/scripted-agent.ts";
import type { AgentIdentity } from "../testing/scripted-agent.ts";
import { runPlane } from "../testing/running-plane.ts";
import type { RunningPlane } from "../testing/running-plane.ts";
import { asked } from "../testing/unary.ts";
import { drainMs } from "./grpc-servers.ts";

describe("an agent's session", () => {
  let running: RunningPlane;
  let identity: AgentIdentity;

  before(async () => {
    running = await runPlane();
    identity = await join(running, { name: "eu-1", token: await running.createToken({}) });
  });
  after(async () => {
    await running[Symbol.asyncDispose]();
  });

  async function endOfSession(...messages: NonNullable<SessionRequest["message"]>[]): Promise<string> {
    const client = dialAgents(running, identity);
    const stream = client.session();
    const { promise, resolve } = Promise.withResolvers<string>();
    stream.on("error", (error: Error) => {
      resolve(error.message);
    });
    stream.resume();
    for (const message of messages) stream.write({ message });
    const reason = await promise;
    client.close();
    return reason;
  }

  it("begins with a hello and has one only", async () => {
    const value = { sequence: 1, load: undefined, scrub: undefined, demand: [] };
    const heartbeat = { $case: "heartbeat" as const, value };
    assert.match(await endOfSession(heartbeat), /load: is missing/);
    assert.match(await endOfSession({ $case: "renewLeases", value: { leases: [] } }), /begins with a hello/);
    assert.match(await endOfSession({ $case: "hello", value: { node: undefined, leases: [] } }), /description/);
    using agent = openSession(running, identity);
    await agent.hear("welcome");
    agent.send({ $case: "hello", value: { node: undefined, leases: [] } });
    assert.match(String(await agent.ended), /description/);
  });

  it("is told the cluster's rules, all nodes and all manifests at its beginning", async () => {
    using agent = openSession(running, identity);
    const welcome = await agent.hear("welcome");
    assert.equal(welcome.heartbeatMs, 2_000);
    assert.equal(welcome.leaseMs, 12_000);
    assert.match(welcome.ticketKeyPem, /BEGIN PUBLIC KEY/);
    const { nodes } = await agent.hear("directory");
    assert.deepEqual(
      nodes.map((node) => node.nodeId),
      [identity.nodeId],
    );
    assert.equal((await agent.hear("manifestNews")).complete, true);
    await agent.hear("heartbeatAck");
  });

  it("ends when the node opens another one", async () => {
    using first = openSession(running, identity);
    await first.hear("welcome");
    using second = openSession(running, identity);
    await second.hear("welcome");
    assert.match(String(await first.ended), /another session/);
  });

  it("carries questions to the node and its answers back", async () => {
    using agent = openSession(running, identity);
    await agent.hear("welcome");
    const asking = asked<{ lines: string[] }>((done) =>
      running.admin.getNodeLogs({ node: "eu-1", lines: 2 }, running.metadata, done),
    );
    const { id, question } = await agent.hear("query");
    assert.deepEqual(question, { $case: "nodeLog", value: { lines: 2 } });
    agent.send({ $case: "queryReply", value: { id, lines: ["one", "two"], failure: undefined } });
    assert.deepEqual((await asking).lines, ["one", "two"]);
  });

  it("is followed by an inventory that counts only whole", async () => {
    const client = dialAgents(running, identity);
    const assetId = newId("asset", Date.now());
    const unknown = await asked<ReportInventoryResponse>((done) => {
      const call = client.reportInventory(done);
      call.write({ entries: [{ assetId, pieceIds: ["source"] }] });
      call.write({ entries: [{ assetId, pieceIds: ["timeline"] }] });
      call.end();
    });
    assert.deepEqual(unknown.unknownAssetIds, [assetId]);
    await assert.rejects(
      asked((done) => {
        const call = client.reportInventory(done);
        call.write({ entries: [{ assetId, pieceIds: ["../escape"] }] });
        call.end();
      }),
      /piece id/,
    );
    client.close();
  });

  it("is ended, with every watch, when the control plane stops", async () => {
    const other = await runPlane();
    const member = await join(other, { name: "eu-2", token: await other.createToken({}) });
    using agent = openSession(other, member);
    await agent.hear("welcome");
    const watch = other.admin.watchEvents({ resumeToken: "0", since: 0 }, other.metadata);
    const { promise: watchEnded, resolve } = Promise.withResolvers<Error>();
    watch.on("error", resolve);
    await new Promise((heard) => watch.once("data", heard));
    watch.resume();
    const startedMs = performance.now();
    await other[Symbol.asyncDispose]();
    assert.ok(performance.now() - startedMs < drainMs);
    assert.match(String(await agent.ended), /stops/);
    assert.match(String(await watchEnded), /stops/);
  });
});
