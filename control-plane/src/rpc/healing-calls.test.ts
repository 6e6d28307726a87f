// What agents and users say and see of damage, placement and evening out, over real channels.
import assert from "node:assert/strict";
import type { CreateAssetResponse, GetNodeResponse, PreviewRebalanceResponse } from "@vstream/proto/admin.ts";
import { SessionResponse } from "@vstream/proto/agent.ts";
import type { ControlMessage } from "../control-loop/session.ts";
import { assetRequest } from "../testing/asset-request.ts";
import { readyAsset, startAgent, untilAsset } from "../testing/ready-asset.ts";
import { runPlane } from "../testing/running-plane.ts";
import type { RunningPlane } from "../testing/running-plane.ts";
import type { ScriptedAgent } from "../testing/scripted-agent.ts";
import { asked, withCode } from "../testing/unary.ts";
import { sessionDefinition, sharedWords } from "./shared-encoding.ts";

describe("a cluster that heals itself", () => {
  let running: RunningPlane;
  const agents: ScriptedAgent[] = [];

  before(async () => {
    running = await runPlane({ rebalance: "off", drainQuietMs: 3_600_000 });
    for (const [name, region] of [
      ["eu-1", "eu"],
      ["eu-2", "eu"],
      ["us-1", "us"],
    ] as const) {
      agents.push(await startAgent(running, name, { region }));
    }
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  async function getNode(node: string): Promise<NonNullable<GetNodeResponse["node"]>> {
    const given = await asked<GetNodeResponse>((done) => running.admin.getNode({ node }, running.metadata, done));
    assert.ok(given.node);
    return given.node;
  }

  it("takes a node's word for damage of its own, and has it made again", async () => {
    const { id, replicas } = await readyAsset(running, agents, { sourceName: "damaged" });
    const home = agents.find(({ identity }) => identity.nodeId === replicas[1]?.nodeId);
    assert.ok(home);
    const grantsBefore = home.heard.filter(({ $case }) => $case === "leaseGrant").length;
    const entries = [{ assetId: id, pieceIds: ["video-00000", "source"] }];
    await asked((done) => home.client.reportDamage({ entries }, done));
    await untilAsset(running, id, (asset) => {
      const grants = home.heard.filter(({ $case }) => $case === "leaseGrant").length;
      return grants >= grantsBefore + 2 && asset.replicas.every(({ state }) => state === "verified");
    });
    const metrics = await fetch(`http://127.0.0.1:${String(running.plane.ports.httpListen)}/metrics`);
    const text = await metrics.text();
    assert.match(text, /vstream_damaged_copies_total 2/);
    const idle = ["moving_assets", "braked_regions", "cut_off", "running_verifications"];
    for (const name of idle.map((rest) => `vstream_${rest}`)) {
      assert.match(text, new RegExp(`^${name} 0$`, "m"));
    }
    const wrong = [{ assetId: id, pieceIds: ["../x"] }];
    await assert.rejects(
      asked((done) => home.client.reportDamage({ entries: wrong }, done)),
      withCode("invalid_argument"),
    );
  });

  it("places an asset where it is pinned, by name or id, and tells why it stands where it does", async () => {
    const [, two, three] = agents;
    const pinnedNodes = ["eu-2", three!.identity.nodeId, "eu-2"];
    const asset = await readyAsset(running, agents, { sourceName: "pinned", pinnedNodes });
    assert.deepEqual(asset.pinnedNodeIds, [two?.identity.nodeId, three?.identity.nodeId]);
    assert.deepEqual(asset.replicas.map(({ nodeId }) => nodeId).toSorted(), asset.pinnedNodeIds.toSorted());
    assert.ok(asset.replicas.every(({ reason }) => /pinned/.test(reason)));
    assert.equal(asset.extraReplicas, 0);
    const free = await readyAsset(running, agents, { sourceName: "free" });
    assert.ok(free.replicas.every(({ reason }) => reason !== "" && !/pinned/.test(reason)));
  });

  it("refuses pins that cannot be", async () => {
    const create = async (pinnedNodes: string[], replicas = 0): Promise<CreateAssetResponse> => {
      const request = assetRequest({ pinnedNodes, replicas });
      return await asked((done) => running.admin.createAsset(request, running.metadata, done));
    };
    await assert.rejects(create(["eu-9"]), withCode("node_not_found"));
    await assert.rejects(create(["eu-1", "us-1"], 1), withCode("invalid_argument"));
  });

  it("shows what a node last said of its load and of the re-reading of its store", async () => {
    await agents[0]?.hear("heartbeatAck");
    const node = await getNode("eu-1");
    assert.deepEqual([node.processor, node.zone, node.drain], [0.25, "", undefined]);
    assert.deepEqual(node.scrub, {
      passStartedAt: 1_000,
      checkedBytes: 10,
      totalBytes: 20,
      lastPassEndedAt: 0,
      damagedFound: 1,
      quarantined: 0,
    });
  });

  it("shows what a draining node waits for", async () => {
    const request = { node: "us-1", deadlineMs: 0, onDeadline: "hold" };
    await asked((done) => running.admin.drainNode(request, running.metadata, done));
    for (;;) {
      const { drain, scheduling } = await getNode("us-1");
      assert.equal(scheduling, "draining");
      if (drain?.step !== "waiting for viewers") continue;
      assert.deepEqual([drain.assetsLeft, drain.tasksLeft], [0, 0]);
      break;
    }
    await asked((done) => running.admin.uncordonNode({ node: "us-1" }, running.metadata, done));
    assert.equal((await getNode("us-1")).drain, undefined);
  });

  it("shows what evening out would do", async () => {
    const preview = await asked<PreviewRebalanceResponse>((done) =>
      running.admin.previewRebalance({}, running.metadata, done),
    );
    assert.deepEqual(preview, { enabled: false, moves: [], movesInAll: 0, bytesInAll: 0, moving: 0, spread: 0 });
  });
});

describe("a message to every agent", () => {
  const directory: ControlMessage = { kind: "directory", nodes: [] };
  const ack: ControlMessage = { kind: "heartbeat-ack", sequence: 1 };

  it("is put into bytes once, and they are the right ones", () => {
    const [one, other] = [sharedWords(directory), sharedWords(directory)];
    assert.equal(one, other);
    const bytes = sessionDefinition.responseSerialize(one);
    assert.equal(bytes, sessionDefinition.responseSerialize(other));
    assert.deepEqual(SessionResponse.decode(bytes), one);
    const own = sessionDefinition.responseSerialize(sharedWords(ack));
    assert.notEqual(own, sessionDefinition.responseSerialize(sharedWords(ack)));
    assert.deepEqual(SessionResponse.decode(own).message, { $case: "heartbeatAck", value: { sequence: 1 } });
  });
});
