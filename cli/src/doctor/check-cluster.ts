// What can be wrong with a cluster, judged from what it says of itself. Pure.
import { encodesHevc } from "@vstream/core/toolchain.ts";
import { formatDuration } from "../durations.ts";
import { formatShare } from "../formats.ts";
import type { Node, Status } from "../shapes.ts";
import { problem, problemsOr } from "./findings.ts";
import type { Finding } from "./findings.ts";

export interface ClusterFacts {
  readonly status: Status;
  readonly nodes: readonly Node[];
  /** The largest number of copies that an asset wants. */
  readonly replicas: number;
  /** Of this machine. */
  readonly nowMs: number;
  readonly vsctlVersion: string;
}

const dayMs = 86_400_000;
const skewLimitMs = 5_000;
/** Nodes report every two seconds; one that is up was seen within this time. */
const heartbeatLimitMs = 15_000;
const fewestDays = 3;
const fullShare = 0.9;

export function checkCluster(facts: ClusterFacts): Finding[] {
  return [
    ...checkVersions(facts),
    ...checkHealth(facts),
    ...checkRegions(facts),
    ...checkClocks(facts),
    ...checkCertificates(facts),
    ...checkCapacity(facts),
    ...checkFfmpeg(facts),
    ...checkHevc(facts),
    ...problemsOr(
      "control plane",
      facts.status.problems.map((message) => problem("control plane", message, "")),
      "it names no problem",
    ),
  ];
}

function checkVersions({ status, nodes, vsctlVersion }: ClusterFacts): readonly Finding[] {
  const others = nodes.filter(({ version }) => version !== null && version !== status.version);
  const problems = others.map(({ name, version }) =>
    problem(
      "versions",
      `node ${name} is version ${version ?? ""}, the control plane ${status.version}`,
      "Upgrade the older one",
    ),
  );
  if (vsctlVersion !== status.version) {
    const message = `this vsctl is version ${vsctlVersion}, the control plane ${status.version}`;
    problems.push(problem("versions", message, "Use the vsctl of the control plane's version"));
  }
  return problemsOr("versions", problems, `all are ${status.version}`);
}

function checkHealth({ nodes }: ClusterFacts): readonly Finding[] {
  if (nodes.length === 0) {
    const hint = "Make a token with: vsctl tokens create --for node. Then start vstream-agent with it";
    return [problem("nodes", "there are no nodes", hint)];
  }
  const problems = nodes
    .filter(({ health }) => health !== "up")
    .map(({ name, health }) =>
      problem("nodes", `node ${name} is ${health}`, `Start its agent, or take it out: vsctl nodes remove ${name}`),
    );
  return problemsOr("nodes", problems, `all ${nodes.length} are up`);
}

function checkRegions({ nodes, replicas }: ClusterFacts): readonly Finding[] {
  const usable = nodes.filter(({ scheduling }) => scheduling === "active");
  const regions = new Set(usable.map(({ region }) => region));
  const problems: Finding[] = [];
  if (usable.length < replicas) {
    const message = `${replicas} copies are wanted, and there are ${usable.length} nodes to hold them`;
    problems.push(problem("copies", message, "Add nodes, or uncordon some: vsctl nodes list"));
  } else if (regions.size < Math.min(2, replicas)) {
    problems.push(problem("copies", `all copies stand in one region`, "Add a node in another region"));
  }
  return problemsOr(
    "copies",
    problems,
    `${usable.length} nodes in ${regions.size} regions can hold ${replicas} copies`,
  );
}

// The control plane writes down when it saw a node; its clock is compared with this one by that.
function checkClocks({ nodes, nowMs }: ClusterFacts): readonly Finding[] {
  const seen = nodes.flatMap(({ health, lastSeenAt }) =>
    health === "up" && lastSeenAt !== null ? [Date.parse(lastSeenAt)] : [],
  );
  const ageMs = nowMs - Math.max(...seen);
  const apart = seen.length > 0 && (ageMs < -skewLimitMs || ageMs > heartbeatLimitMs + skewLimitMs);
  const message = `this machine's clock and the control plane's are ${formatDuration(Math.abs(ageMs))} apart`;
  const problems = apart ? [problem("clocks", message, "Set both by NTP")] : [];
  return problemsOr("clocks", problems, "this machine's and the control plane's agree");
}

function checkCertificates({ nodes, nowMs }: ClusterFacts): readonly Finding[] {
  const problems = nodes.flatMap(({ name, certificateExpiresAt }) => {
    if (certificateExpiresAt === null) return [];
    const leftMs = Date.parse(certificateExpiresAt) - nowMs;
    if (leftMs > fewestDays * dayMs) return [];
    const left = leftMs < 0 ? "has expired" : `expires in ${formatDuration(leftMs)}`;
    const hint = `It is renewed by itself while its agent runs and reaches the control plane: vsctl nodes logs ${name}`;
    return [problem("certificates", `the certificate of node ${name} ${left}`, hint)];
  });
  return problemsOr("certificates", problems, `every node's is good for more than ${fewestDays} days`);
}

function checkCapacity({ nodes }: ClusterFacts): readonly Finding[] {
  const problems = nodes
    .filter(({ storage }) => storage.usedBytes > fullShare * storage.capacityBytes)
    .map(({ name, storage }) => {
      const share = formatShare(storage.usedBytes / storage.capacityBytes);
      return problem(
        "storage",
        `node ${name} is ${share} full`,
        "Delete assets, raise its capacityBytes, or add a node",
      );
    });
  return problemsOr("storage", problems, "no node is more than 90 % full");
}

// Where no node can, the ladders do without.
function checkHevc({ nodes }: ClusterFacts): readonly Finding[] {
  const unable = nodes.filter(({ toolchain }) => toolchain !== null && !encodesHevc(toolchain));
  if (unable.length === nodes.length) return problemsOr("hevc", [], "no node encodes it");
  const hint = "Install an ffmpeg with libx265 there: it takes no chunk of an asset with HEVC";
  const problems = unable.map(({ name }) => problem("hevc", `node ${name} cannot encode HEVC, and others can`, hint));
  return problemsOr("hevc", problems, "every node encodes it");
}

function checkFfmpeg({ nodes }: ClusterFacts): readonly Finding[] {
  const versions = new Map(nodes.map(({ name, ffmpegVersion }) => [ffmpegVersion ?? "unknown", name]));
  if (versions.size <= 1) return problemsOr("ffmpeg", [], `one version: ${[...versions.keys()].join() || "none"}`);
  const list = [...versions].map(([version, name]) => `${version} (${name})`).join(", ");
  const hint = "Install the same on every node: only nodes with equal ones share the encoding of an asset";
  return [problem("ffmpeg", `nodes have different versions: ${list}`, hint)];
}
