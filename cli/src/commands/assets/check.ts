// Holds an asset against the authoring rules, as players get it from the nodes that serve it. Ends with 1 while a MUST
// rule is broken; broken SHOULD rules are told as warnings.
import { styleText } from "node:util";
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import { checkAsset } from "../../check/check-asset.ts";
import type { CheckResult } from "../../check/check-asset.ts";
import { reportLines } from "../../check/report.ts";
import type { ControlClient } from "../../control-client.ts";
import { wholeList } from "../../control-client.ts";
import { formatDuration } from "../../durations.ts";
import { escapeText } from "../../escape-text.ts";
import { durationFlag } from "../../flags.ts";
import { formatBytes } from "../../formats.ts";
import { openProgress } from "../../ingest/progress.ts";
import { assetArgs } from "../../named-args.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const defaultTimeoutMs = 60 * 60_000;

/** What is to be read, and where it may be. */
interface Target {
  readonly urls: readonly string[];
  readonly mpdUrls: readonly string[];
  readonly origins: ReadonlySet<string>;
}

export default class AssetsCheck extends VsctlCommand {
  static override args = assetArgs;
  static override flags = {
    quick: Flags.boolean({ description: "only playlists and init segments, no media" }),
    decode: Flags.boolean({
      description: "decode every rendition of one node too, with the ffmpeg of this machine",
      exclusive: ["quick"],
    }),
    node: Flags.string({ description: "only what this node serves", helpValue: "NODE" }),
    timeout: durationFlag({ description: "give up after this long (1h)" }),
  };

  async run(): Promise<{ asset: string } & CheckResult> {
    const { args, flags } = await this.parse(AssetsCheck);
    const timeoutMs = flags.timeout ?? defaultTimeoutMs;
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(tooLate(args.id, timeoutMs));
    }, timeoutMs);
    try {
      const signal = AbortSignal.any([this.signal, late.signal]);
      await using client = await this.connect(flags, signal);
      const target = await findTarget(client, args.id, flags.node);
      const result = await this.#check(
        args.id,
        { ...target, quick: flags.quick, decode: flags.decode, oneNode: flags.node !== undefined },
        signal,
      );
      this.#report(result);
      if (!result.ok) process.exitCode = 1;
      return { asset: args.id, ...result };
    } finally {
      clearTimeout(timer);
    }
  }

  async #check(
    id: string,
    options: Target & { quick: boolean; decode: boolean; oneNode: boolean },
    signal: AbortSignal,
  ): Promise<CheckResult> {
    const progress = await openProgress(process.stderr);
    const own = progress.begin(id);
    try {
      return await checkAsset({
        ...options,
        signal,
        onRead: (read, known) => {
          own.step("reading segments", read / known);
        },
        onDecoded: (decoded, renditions) => {
          own.step("decoding renditions", decoded / renditions);
        },
      });
    } finally {
      progress.close();
    }
  }

  #report({ ok, checked, findings, counts }: CheckResult): void {
    if (this.jsonEnabled()) return;
    for (const { level, text } of reportLines(findings, counts)) {
      const mark = level === "must" ? styleText("red", "broken ") : styleText("yellow", "warning");
      this.log(level === null ? `         ${escapeText(text)}` : `${mark}  ${escapeText(text)}`);
    }
    const { playlists, segments, bytes } = checked;
    const read = `${playlists} playlists, ${segments} segments, ${formatBytes(bytes)}`;
    this.print(ok ? `No rule that must hold is broken (${read})` : `Rules that must hold are broken (${read})`);
  }
}

async function findTarget(client: ControlClient, id: string, node: string | undefined): Promise<Target> {
  const { asset, playback } = await client.getPlayback(id);
  const nodes = node === undefined ? (await client.listNodes(wholeList)).items : [await client.getNode(node)];
  const bases = nodes.map(({ playbackUrl }) => playbackUrl).filter((url) => URL.canParse(url));
  const ofNode = ({ origin }: URL): boolean => bases.some((base) => new URL(base).origin === origin);
  const isWanted = (url: string): boolean => node === undefined || ofNode(new URL(url));
  const urls = playback.hls.filter(isWanted);
  if (urls.length === 0) throw nothingServed(id, asset.state, node);
  const mpdUrls = playback.dash.filter(isWanted);
  return { urls, mpdUrls, origins: new Set([...urls, ...bases].map((url) => new URL(url).origin)) };
}

function nothingServed(id: string, state: string, node: string | undefined): VsError {
  if (node === undefined) {
    return new VsError("conflict", `asset ${id} is ${state}: no node serves it yet`, {
      hint: `Wait with: vsctl assets wait ${id}`,
    });
  }
  return new VsError("conflict", `node ${node} does not serve asset ${id}`, {
    hint: `See which do: vsctl assets url ${id}`,
  });
}

function tooLate(id: string, timeoutMs: number): VsError {
  return new VsError("timed_out", `the check of asset ${id} was not done after ${formatDuration(timeoutMs)}`, {
    hint: "Give it more time with --timeout, or look at the playlists alone with --quick",
  });
}
