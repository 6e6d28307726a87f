// What an operator can set. Every value is checked at the start, and every problem named at once.
import { z } from "zod";
import { loadConfig } from "@vstream/core/config.ts";
import { logLevels } from "@vstream/core/log.ts";
import { parseAddress } from "./listen-address.ts";
import type { ListenAddress } from "./listen-address.ts";
import { presets, usualForm, usualHevc } from "./planning/ladder-forms.ts";
import { longestChunkSegments } from "./planning/split-chunks.ts";

const dayMs = 86_400_000;
const mebibyte = 2 ** 20;

const listenAddress = z.string().transform((text, context): ListenAddress => {
  const address = parseAddress(text);
  if (address !== null) return address;
  context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not host:port, such as 127.0.0.1:7700` });
  return z.NEVER;
});

const hostName = z
  .string()
  .max(253)
  .regex(/^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+)$/, "is neither a host name nor an address");

const ladderName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "is not 1 to 32 small letters, digits or dashes");

/** Short sides of frames. */
const ladderLines = z
  .array(z.int().min(64).max(2160).multipleOf(2))
  .min(1)
  .max(8)
  .refine((lines) => lines.every((line, index) => index === 0 || line > (lines[index - 1] ?? 0)), "do not rise");

const hevcForm = z.strictObject({
  preset: z.enum(presets).default(usualHevc.preset),
  lines: ladderLines.default([...usualHevc.lines]),
  crf: z.int().min(16).max(35).default(usualHevc.crf),
  hdr: z.boolean().default(usualHevc.hdr),
});

const ladderForm = z.strictObject({
  preset: z.enum(presets).default(usualForm.preset),
  lines: ladderLines.default([...usualForm.lines]),
  crf: z.int().min(16).max(35).default(usualForm.crf),
  rate: z.number().min(0.25).max(2).default(usualForm.rate),
  /** Rungs in HEVC beside those in H.264. */
  hevc: hevcForm.exactOptional(),
});

const controlSettings = z.object({
  /** Everything that the control plane keeps: catalog, keys, the first token. */
  dataDir: z.string("is missing: the folder that holds the catalog and the keys").min(1),
  /** gRPC for vsctl, and for nodes that join. */
  listen: listenAddress.prefault("127.0.0.1:7700"),
  /** gRPC for nodes that have joined. */
  agentListen: listenAddress.prefault("127.0.0.1:7701"),
  /** /healthz, /readyz, /metrics. */
  httpListen: listenAddress.prefault("127.0.0.1:7702"),
  /** Host names and addresses that this control plane is dialled by, beside localhost. */
  names: z.array(hostName).max(32).default([]),
  logLevel: z.enum(logLevels).default("info"),
  /** How many nodes hold an asset when nothing else is asked for. */
  replicas: z.int().min(1).max(10).default(2),
  /** How long the home of a ready asset may be down before another node takes its place. */
  repairHoldMs: z
    .int()
    .min(0)
    .max(30 * dayMs)
    .default(300_000),
  /** How many copies may be made at the same time, in the whole cluster, of what is ready and lacks some. */
  repairCopiesAtOnce: z.int().min(1).max(1_000).default(16),
  /**
   * When most nodes of the cluster or of a region go silent together: for how long nothing that they hold is made again
   * elsewhere. 0: it is made again as that of any other node.
   */
  brakeHoldMs: z
    .int()
    .min(0)
    .max(30 * dayMs)
    .default(3_600_000),
  /** How long viewers must have asked a draining node for nothing before it is drained: three segments. */
  drainQuietMs: z.int().min(0).max(3_600_000).default(18_000),
  /** Whether assets are moved from full nodes to empty ones. */
  rebalance: z.enum(["on", "off"]).default("on"),
  /** Nodes are even enough when the used shares of their capacity differ by no more than this. */
  rebalanceTolerance: z.number().min(0.01).max(1).default(0.1),
  /** How many assets may be on their way at the same time. */
  rebalanceMovesAtOnce: z.int().min(1).max(100).default(4),
  /**
   * What one home of an asset is to serve, bits a second; an asset that is watched more gets homes beside those wanted.
   * 0: none does.
   */
  hotBpsPerHome: z
    .int()
    .min(0)
    .max(1_000_000_000_000)
    .refine((bps) => bps === 0 || bps >= 1_000, "is below 1000 bits a second; 0 turns it off")
    .default(400_000_000),
  /** How long such an asset must be watched less before it has a home less. */
  coolMs: z.int().min(0).max(dayMs).default(600_000),
  /** How long a node's certificate is valid; it is renewed at half of that. */
  certificateDays: z.int().min(1).max(90).default(14),
  /** How long a deleted asset can be brought back. */
  trashMs: z
    .int()
    .min(0)
    .max(365 * dayMs)
    .default(dayMs),
  /** How long viewers who began with an edition that was replaced are still served it. */
  editionGraceMs: z
    .int()
    .min(0)
    .max(30 * dayMs)
    .default(21_600_000),
  /**
   * The most segments that one node encodes at a stretch. Fewer: a short clip is shared by more nodes and is ready
   * sooner, for some more processor time. Not given: by the length of the source. Plans that are made stay as they are.
   */
  maxChunkSegments: z.int().min(1).max(longestChunkSegments).optional(),
  /**
   * When the cluster encodes all rungs of an asset together slower than this many times playback, its lowest rung is
   * made first and can be played alone meanwhile. 0: never.
   */
  lowestFirstBelow: z.number().min(0).max(1000).default(1.2),
  /** Ladders beside `default`, `fast` and `modern`, or in their place. A change touches what is ingested from then on. */
  ladders: z
    .record(ladderName, ladderForm)
    .default({})
    .refine((ladders) => Object.keys(ladders).length <= 32, "are more than 32"),
  maxSourceBytes: z
    .int()
    .min(1)
    .max(2 ** 50)
    .default(256 * 1024 * mebibyte),
  clusterName: z
    .string()
    .regex(/^[\w.-]{1,40}$/, "is not 1 to 40 letters, digits, dots, dashes or underscores")
    .default("vstream"),
});

// A home is replaced after repairHoldMs at the earliest: a brake that has ended by then would hold nothing.
export const controlConfigSchema = controlSettings.refine(
  ({ brakeHoldMs, repairHoldMs }) => brakeHoldMs === 0 || brakeHoldMs > repairHoldMs,
  {
    path: ["brakeHoldMs"],
    error: ({ input }) => {
      const { brakeHoldMs, repairHoldMs } = input as z.infer<typeof controlSettings>;
      const values = `${String(brakeHoldMs)} is not above repairHoldMs, which is ${String(repairHoldMs)}`;
      return `${values}, so that it would hold nothing: set it higher, or to 0 to turn it off`;
    },
  },
);

export type ControlConfig = z.infer<typeof controlConfigSchema>;

/** @throws VsError invalid_config that names every problem */
export function loadControlConfig(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ControlConfig {
  return loadConfig(controlConfigSchema, { file, env, envPrefix: "VSTREAM_" });
}
