import assert from "node:assert/strict";
import { sampleAt, sampleNode, sampleStatus } from "../testing/sample-messages.ts";
import { toNode } from "../wire.ts";
import { checkCluster } from "./check-cluster.ts";
import type { ClusterFacts } from "./check-cluster.ts";

const nodes = [
  toNode(sampleNode()),
  toNode(sampleNode({ id: "no2", name: "us-1", region: "us" })),
  toNode(sampleNode({ id: "no3", name: "us-2", region: "us" })),
];
const healthy: ClusterFacts = {
  status: { ...sampleStatus(), startedAt: null },
  nodes,
  replicas: 2,
  nowMs: sampleAt + 1_000,
  vsctlVersion: "0.1.0",
};

const problemsOf = (changes: Partial<ClusterFacts>): string[] =>
  checkCluster({ ...healthy, ...changes })
    .filter(({ ok }) => !ok)
    .map(({ check, message }) => `${check}: ${message}`);

describe("the doctor", () => {
  it("finds nothing wrong with a healthy cluster", () => {
    assert.deepEqual(problemsOf({}), []);
    assert.ok(checkCluster(healthy).length >= 8);
  });

  it("names nodes that are not up, and what to do about them", () => {
    const down = [...nodes, toNode(sampleNode({ name: "eu-9", health: "down" }))];
    assert.deepEqual(problemsOf({ nodes: down }), ["nodes: node eu-9 is down"]);
    const found = checkCluster({ ...healthy, nodes: down }).find(({ ok }) => !ok);
    assert.match(found?.hint ?? "", /vsctl nodes remove eu-9/);
  });

  it("sees versions that differ", () => {
    const older = [...nodes, toNode(sampleNode({ name: "old", version: "0.0.9" }))];
    assert.deepEqual(problemsOf({ nodes: older, vsctlVersion: "0.2.0" }), [
      "versions: node old is version 0.0.9, the control plane 0.1.0",
      "versions: this vsctl is version 0.2.0, the control plane 0.1.0",
    ]);
    const other = [...nodes, toNode(sampleNode({ name: "other", ffmpegVersion: "6.0" }))];
    assert.deepEqual(problemsOf({ nodes: other }), [
      "ffmpeg: nodes have different versions: 5.1.9 (us-2), 6.0 (other)",
    ]);
  });

  it("sees nodes that cannot encode HEVC where others can", () => {
    const able = nodes.map((node) => ({ ...node, toolchain: "x264-164+x265" }));
    assert.deepEqual(problemsOf({ nodes: able }), []);
    assert.deepEqual(problemsOf({ nodes: [...able.slice(0, 2), nodes[2]!] }), [
      "hevc: node us-2 cannot encode HEVC, and others can",
    ]);
  });

  it("sees that there are too few nodes or regions for the copies", () => {
    assert.deepEqual(problemsOf({ nodes: nodes.slice(0, 1) }), [
      "copies: 2 copies are wanted, and there are 1 nodes to hold them",
    ]);
    assert.deepEqual(problemsOf({ nodes: nodes.slice(1) }), ["copies: all copies stand in one region"]);
  });

  it("sees clocks that are apart, either way", () => {
    assert.match(problemsOf({ nowMs: sampleAt - 60_000 })[0] ?? "", /^clocks: .*1m apart/);
    assert.match(problemsOf({ nowMs: sampleAt + 120_000 })[0] ?? "", /^clocks: .*2m apart/);
  });

  it("sees certificates that end soon or have ended", () => {
    const soon = toNode(sampleNode({ certificateExpiresAt: sampleAt + 3_601_000 }));
    assert.deepEqual(problemsOf({ nodes: [soon, ...nodes.slice(1)] }), [
      "certificates: the certificate of node eu-1 expires in 1h",
    ]);
    const ended = toNode(sampleNode({ certificateExpiresAt: sampleAt - 1 }));
    assert.match(problemsOf({ nodes: [ended, ...nodes.slice(1)] })[0] ?? "", /has expired/);
  });

  it("sees nodes that are nearly full", () => {
    const full = toNode(sampleNode({ usedBytes: 95, capacityBytes: 100 }));
    assert.deepEqual(problemsOf({ nodes: [full, ...nodes.slice(1)] }), ["storage: node eu-1 is 95 % full"]);
  });

  it("passes on what the control plane says of itself", () => {
    const status = { ...sampleStatus({ problems: ["2 assets are degraded"] }), startedAt: null };
    assert.deepEqual(problemsOf({ status }), ["control plane: 2 assets are degraded"]);
  });
});
