// Every row of vsctl's table in docs, with every flag in it: what is typed, and what must come of it. Commands that
// call are tried against a control plane with an answer for each call.
import type { ExitCode } from "@vstream/core/errors.ts";

export interface Row {
  readonly args: readonly string[];
  /** 0 unless it is said. */
  readonly exitCode?: ExitCode;
  /** Names that the JSON must have. */
  readonly keys?: readonly string[];
  /** The call that it must make, and fields that the request must have. */
  readonly asks?: readonly [method: string, fields: Readonly<Record<string, unknown>>];
}

const asset = "as1m823v0pw6kegn5kge6b";
const task = "ta1m823v0pw6kegn5kge6b";
const token = "to1m823v0pw6kegn5kge6b";

const assetKeys = [
  ...["id", "title", "state", "labels", "createdAt", "playableAt", "readyAt", "durationSeconds", "sourceSha256"],
  ...["sourceBytes", "storedBytes", "ladder", "replicasWanted", "renditions", "audioTracks", "subtitles", "replicas"],
  ...["degraded", "progress", "duplicate", "error", "pinnedNodeIds", "extraReplicas", "sourceUrl", "allowDamaged"],
  ...[
    "damaged",
    "warnings",
    "keepSource",
    "speed",
    "secondsLeft",
    "duplicateOf",
    "check",
    "nextLadder",
    "nextProgress",
  ],
  ...["hasSource", "edition", "reencodeError"],
];
const nodeKeys = [
  ...["id", "name", "region", "health", "scheduling", "playbackUrl", "storage", "tasksRunning", "viewers"],
  ...["egressBps", "labels", "lastSeenAt", "certificateExpiresAt", "version", "ffmpegVersion", "zone", "connections"],
  ...["processor", "disk", "scrub", "drain"],
];
const taskKeys = [
  ...[
    "id",
    "kind",
    "assetId",
    "nodeId",
    "state",
    "attempt",
    "progress",
    "createdAt",
    "startedAt",
    "finishedAt",
    "error",
  ],
];
const tokenKeys = ["id", "kind", "name", "region", "role", "createdAt", "expiresAt", "usedAt", "revokedAt"];
const pageKeys = ["items", "nextCursor"];

const listFlags = [
  ...["--limit", "7", "--cursor", "c1", "--sort", "-createdAt", "--state", "ready", "--node", "eu-1"],
  ...["--label", "show=demo", "-q"],
];
const listOptions = {
  limit: 7,
  cursor: "c1",
  sort: "-createdAt",
  states: ["ready"],
  node: "eu-1",
  labels: { show: "demo" },
};

export const callRows: readonly Row[] = [
  {
    args: ["assets", "list", ...listFlags, "--search", "bunny"],
    keys: pageKeys,
    asks: ["listAssets", { search: "bunny", options: listOptions }],
  },
  { args: ["assets", "show", asset], keys: assetKeys, asks: ["getAsset", { id: asset }] },
  { args: ["assets", "show", asset, "--watch"], keys: assetKeys, asks: ["watchAsset", { id: asset, resumeToken: "" }] },
  { args: ["assets", "url", asset], keys: ["asset", "playback"], asks: ["getPlayback", { id: asset }] },
  {
    args: ["assets", "wait", asset, "--for", "playable", "--timeout", "30m"],
    keys: assetKeys,
    asks: ["watchAsset", { id: asset }],
  },
  { args: ["assets", "wait", asset, "--for", "ready"], keys: assetKeys },
  { args: ["assets", "wait", asset, "--for", "deleted"], keys: assetKeys },
  { args: ["assets", "delete", asset, "--yes"], keys: assetKeys, asks: ["deleteAsset", { id: asset }] },
  { args: ["assets", "delete", asset], exitCode: 2 },
  {
    args: [
      ...["assets", "update", asset, "--title", "T", "--label", "a=b", "--label", "old=", "--unlabel", "draft"],
      ...["--replicas", "3", "--regions", "eu,us", "--pin", "eu-1", "--keep-source", "ready"],
    ],
    keys: assetKeys,
    asks: [
      "updateAsset",
      {
        ...{ id: asset, title: "T", setLabels: { a: "b" }, removeLabels: ["old", "draft"], replicas: 3 },
        ...{ regions: { regions: ["eu", "us"] }, pinnedNodes: { nodes: ["eu-1"] }, keepSource: "ready" },
        addSubtitles: [],
      },
    ],
  },
  {
    args: ["assets", "update", asset, "--any-region", "--no-pin"],
    keys: assetKeys,
    asks: ["updateAsset", { id: asset, regions: { regions: [] }, pinnedNodes: { nodes: [] }, title: undefined }],
  },
  { args: ["assets", "update", asset, "--subtitle", "en=nowhere.vtt"], exitCode: 2 },
  { args: ["assets", "update", asset], exitCode: 2 },
  { args: ["assets", "cancel", asset], keys: assetKeys, asks: ["cancelAsset", { id: asset }] },
  { args: ["assets", "undelete", asset], keys: assetKeys, asks: ["undeleteAsset", { id: asset }] },
  { args: ["assets", "verify", asset], keys: ["asset", "copies", "bad"], asks: ["verifyAsset", { id: asset }] },
  {
    args: ["assets", "rebuild", asset, "--timeout", "1h"],
    keys: ["asset", "verified", "rebuilt", "copied", "failed"],
    asks: ["rebuildAsset", { id: asset, since: 0 }],
  },
  {
    args: ["assets", "reencode", asset, "--ladder", "fast"],
    keys: assetKeys,
    asks: ["reencodeAsset", { id: asset, ladder: "fast" }],
  },
  { args: ["assets", "reencode", asset, "--ladder", "fast", "--wait", "--timeout", "1h"], keys: assetKeys },
  { args: ["assets", "reencode", asset], exitCode: 2 },
  { args: ["assets", "reencode", asset, "--ladder", "fast", "--timeout", "1h"], exitCode: 2 },
  {
    args: ["assets", "provenance", asset],
    keys: ["asset", "source", "ladder", "probe", "rungs", "audio", "text", "pieces"],
    asks: ["getProvenance", { id: asset }],
  },
  {
    args: ["assets", "provenance", asset, "--piece", "video-00000"],
    keys: ["pieceId", "toolchain", "ffmpegVersion", "nodeId", "nodeName", "arguments", "objects"],
  },
  { args: ["assets", "provenance", asset, "--piece", "video-00009"], exitCode: 3 },
  { args: ["nodes", "list", ...listFlags], keys: pageKeys, asks: ["listNodes", { options: listOptions }] },
  { args: ["nodes", "show", "eu-1"], keys: nodeKeys, asks: ["getNode", { node: "eu-1" }] },
  { args: ["nodes", "cordon", "eu-1"], keys: nodeKeys, asks: ["cordonNode", { node: "eu-1" }] },
  { args: ["nodes", "uncordon", "eu-1"], keys: nodeKeys, asks: ["uncordonNode", { node: "eu-1" }] },
  {
    args: ["nodes", "drain", "eu-1", "--deadline", "1h", "--on-deadline", "hold", "--wait"],
    keys: nodeKeys,
    asks: ["drainNode", { node: "eu-1", deadlineMs: 3_600_000, onDeadline: "hold" }],
  },
  {
    args: ["nodes", "drain", "eu-1", "--on-deadline", "force", "--yes"],
    keys: nodeKeys,
    asks: ["drainNode", { deadlineMs: 0, onDeadline: "force" }],
  },
  { args: ["nodes", "drain", "eu-1", "--on-deadline", "force"], exitCode: 2 },
  {
    args: ["nodes", "remove", "eu-1", "--force", "--yes"],
    keys: nodeKeys,
    asks: ["removeNode", { node: "eu-1", force: true }],
  },
  { args: ["nodes", "remove", "eu-1"], exitCode: 2 },
  {
    args: ["nodes", "impact", "eu-1", "--limit", "10"],
    keys: ["node", "assets", "assetsOnlyHere", "viewers", "bytesHeld", "bytesToCopy", "copySeconds", "items"],
    asks: ["getNodeImpact", { node: "eu-1", limit: 10 }],
  },
  {
    args: ["nodes", "rebalance"],
    keys: ["enabled", "moves", "movesInAll", "bytesInAll", "moving", "spread"],
    asks: ["previewRebalance", {}],
  },
  {
    args: ["nodes", "logs", "eu-1", "--lines", "20"],
    keys: ["node", "lines"],
    asks: ["getNodeLogs", { node: "eu-1", lines: 20 }],
  },
  {
    args: ["tokens", "create", "--for", "node", "--name", "eu-9", "--region", "eu", "--expires", "15m"],
    keys: [...tokenKeys, "secret"],
    asks: ["createToken", { kind: "node", name: "eu-9", region: "eu", role: "", expiresMs: 900_000 }],
  },
  {
    args: ["tokens", "create", "--for", "user", "--role", "admin"],
    keys: [...tokenKeys, "secret"],
    asks: ["createToken", { kind: "user", role: "admin" }],
  },
  { args: ["tokens", "create", "--for", "user", "--role", "viewer"], exitCode: 2 },
  { args: ["tokens", "list", ...listFlags], keys: pageKeys, asks: ["listTokens", { options: listOptions }] },
  { args: ["tokens", "revoke", token], keys: tokenKeys, asks: ["revokeToken", { id: token }] },
  {
    args: ["tasks", "list", ...listFlags, "--asset", asset],
    keys: pageKeys,
    asks: ["listTasks", { assetId: asset, options: listOptions }],
  },
  { args: ["tasks", "show", task], keys: taskKeys, asks: ["getTask", { id: task }] },
  { args: ["tasks", "logs", task], keys: ["task", "lines", "running"], asks: ["getTaskLogs", { id: task }] },
  { args: ["tasks", "logs", task, "--follow"], keys: ["task", "line"] },
  { args: ["tasks", "retry", task], keys: taskKeys, asks: ["retryTask", { id: task }] },
  { args: ["tasks", "cancel", task], keys: taskKeys, asks: ["cancelTask", { id: task }] },
  {
    args: ["events", ...listFlags, "--since", "2026-01-31T12:00:00Z"],
    keys: pageKeys,
    asks: ["listEvents", { since: Date.UTC(2026, 0, 31, 12), options: listOptions }],
  },
  {
    args: ["events", "--follow"],
    keys: ["id", "at", "kind", "subject", "actor", "message"],
    asks: ["watchEvents", { resumeToken: "" }],
  },
  {
    args: ["status"],
    keys: ["version", "startedAt", "nodesByHealth", "assetsByState", "tasksByState", "problems"],
    asks: ["getStatus", {}],
  },
];

/** Rows that reach no cluster. */
export const localRows: readonly Row[] = [
  { args: ["completion", "bash"], keys: ["shell", "script"] },
  { args: ["completion", "zsh"], keys: ["shell", "script"] },
  { args: ["completion", "fish"], keys: ["shell", "script"] },
  { args: ["dev", "status", "--dir", "nowhere"], exitCode: 3 },
  { args: ["dev", "down", "--dir", "nowhere"], exitCode: 3 },
  { args: ["dev", "stop", "eu-1", "--dir", "nowhere"], exitCode: 3 },
  { args: ["dev", "start", "control", "--dir", "nowhere"], exitCode: 3 },
  { args: ["dev", "up", "--dir", "nowhere", "--nodes", "3", "--regions", "EU!"], exitCode: 2 },
  { args: ["dev", "up", "--dir", "nowhere", "--zones", "a b"], exitCode: 2 },
];

/** What later parts bring: there, and not there yet. */
export const laterRows: readonly (readonly string[])[] = [
  ["play", asset, "--viewers", "3", "--seconds", "5"],
  ["catalog", "backup"],
  ["catalog", "restore"],
  ["catalog", "check"],
  ["catalog", "rebuild"],
  ["catalog", "migrate"],
  ["audit"],
  ["apply", "-f", "cluster.yaml"],
  ["diff", "-f", "cluster.yaml"],
  ["storage", "check"],
  ["webhooks", "list"],
  ["debug", "bundle"],
  ["ingest", "clip.mp4", "--private"],
];
