// What an agent can be told: a YAML file, overridden by VSTREAM_… variables. Checked whole before anything starts.
import { readFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { resolve } from "node:path";
import { loadConfig } from "@vstream/core/config.ts";
import { VsError } from "@vstream/core/errors.ts";
import { logLevels } from "@vstream/core/log.ts";
import { z } from "zod";
import { fetchSchema, s3Schema } from "./source-config.ts";
import { assertApart, watchSchema } from "./watch-folder/watch-config.ts";

export const envPrefix = "VSTREAM_";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

// host:port, [IPv6]:port
const listenAddress = z.string().transform((text, context): ListenAddress => {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not an address like 127.0.0.1:7800` });
  return z.NEVER;
});

function httpUrl(protocols: RegExp, example: string) {
  return z
    .url({ protocol: protocols, error: `is not a URL such as ${example}` })
    .transform((text) => text.replace(/\/+$/, ""));
}

// Part of host names, files and playlists.
const nameForm = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const notAName = { error: "is not 1 to 63 letters, digits, dots, dashes or underscores" };
const plainName = z.string().regex(nameForm, notAName);
const nameOrNone = z.string().refine((text) => text === "" || nameForm.test(text), notAName);

const labels = z
  .record(z.string().min(1).max(63), z.string().max(256))
  .refine((given) => Object.keys(given).length <= 32, { error: "more than 32 labels" });

export const configSchema = z.object({
  name: plainName.default(() => defaultName()),
  region: plainName.default("default"),
  /** A part of the region that fails as a whole, such as a rack or a room; empty: none. */
  zone: nameOrNone.default(""),
  labels: labels.default({}),
  dataDir: z
    .string("is missing: the folder that holds this node's part of the media")
    .min(1)
    .transform((path) => resolve(path)),
  /** Of the control plane's listener for vsctl and for nodes that join. */
  controlUrl: httpUrl(/^https$/, "https://control.example:7700"),
  joinToken: z.string().min(1).optional(),
  joinTokenFile: z.string().min(1).optional(),
  playbackListen: listenAddress.prefault("0.0.0.0:7800"),
  playbackUrl: httpUrl(/^https?$/, "http://node.example:7800").optional(),
  peerListen: listenAddress.prefault("0.0.0.0:7801"),
  peerUrl: httpUrl(/^https$/, "https://node.example:7801").optional(),
  encodeSlots: z
    .int()
    .min(0)
    .max(256)
    .default(() => availableParallelism()),
  capacityBytes: z
    .int()
    .min(1024 * 1024)
    .optional(),
  /** The whole store is read and checked once in so many days; 0: never. */
  scrubDays: z.number().min(0).max(365).default(14),
  /** Bits a second that this node should send to viewers at most: others are preferred when it comes near; 0: no limit. */
  egressLimitBps: z.int().min(0).default(0),
  /** Sources that this node fetches from URLs. */
  fetch: fetchSchema.prefault({}),
  /** Endpoints and keys for s3://. */
  s3: s3Schema,
  /** Folders whose files become assets. */
  watch: watchSchema,
  ffmpegPath: z.string().min(1).default("ffmpeg"),
  ffprobePath: z.string().min(1).default("ffprobe"),
  logLevel: z.enum(logLevels).default("info"),
});

export type AgentConfig = z.infer<typeof configSchema>;

/** @throws VsError invalid_config that names every problem at once */
export function loadAgentConfig(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): AgentConfig {
  const config = loadConfig(configSchema, { file, env, envPrefix });
  if (config.joinToken !== undefined && config.joinTokenFile !== undefined) {
    throw new VsError("invalid_config", "both joinToken and joinTokenFile are given", {
      hint: "Leave one of them out",
    });
  }
  assertApart(config);
  return config;
}

/** The token for the first start, or null. @throws VsError invalid_config when its file cannot be read */
export function joinTokenOf(config: AgentConfig): string | null {
  if (config.joinToken !== undefined) return config.joinToken;
  if (config.joinTokenFile === undefined) return null;
  try {
    return readFileSync(config.joinTokenFile, "utf8").trim();
  } catch (cause) {
    throw new VsError("invalid_config", `joinTokenFile ${config.joinTokenFile} cannot be read`, { cause });
  }
}

function defaultName(): string {
  const [first] = hostname().toLowerCase().split(".");
  return (first ?? "").replaceAll(/[^a-z0-9-]/g, "-").replaceAll(/^-+|-+$/g, "") || "node";
}
