// Uploads video files straight to nodes, and waits until they are encoded.
import { basename } from "node:path";
import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { mapBounded } from "@vstream/core/map-bounded.ts";
import type { ControlClient } from "../control-client.ts";
import { labelFlag, parseLabels } from "../flags.ts";
import { notThereYet } from "../later-parts.ts";
import type { AssetPlayback } from "../shapes.ts";
import type { IngestOptions } from "../ingest/ingest-source.ts";
import { openProgress } from "../ingest/progress.ts";
import { VsctlCommand } from "../vsctl-command.ts";

/** How many sources are uploaded at a time. */
const sourcesAtOnce = 3;

const laterFlags = {
  subtitle: Flags.string({ description: "subtitles of the asset (not there yet)", helpValue: "LANG=FILE" }),
  "keep-source": Flags.string({ description: "always, ready or never (not there yet)", helpValue: "WHEN" }),
  force: Flags.boolean({ description: "although the same is there already (not there yet)" }),
  "allow-damaged": Flags.boolean({ description: "take what can be decoded (not there yet)" }),
  private: Flags.boolean({ description: "play with a token only (not there yet)" }),
};

interface Failed {
  readonly source: string;
  readonly error: Failure;
}

export default class Ingest extends VsctlCommand {
  // More than one: oclif's own arguments cannot say so with types.
  static override strict = false;
  static override usage = "ingest SOURCE... [FLAGS]";
  static override args = {
    source: Args.string({ required: true, ignoreStdin: true, description: "a video file; may be several" }),
  };

  static override flags = {
    title: Flags.string({ description: "title of the asset (the file's name)", helpValue: "TEXT" }),
    ladder: Flags.string({ description: "ladder to encode into", helpValue: "L" }),
    replicas: Flags.integer({ description: "copies to keep", min: 1, max: 10, helpValue: "N" }),
    regions: Flags.string({
      description: "regions that copies may stand in",
      helpValue: "R,R",
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ",",
    }),
    pin: Flags.string({
      description: "a node that is to hold a copy whatever else; may be repeated",
      helpValue: "NODE",
      multiple: true,
      multipleNonGreedy: true,
    }),
    label: labelFlag("a label of the asset; may be repeated"),
    "external-id": Flags.string({ description: "your name for it: the same one is the same asset", helpValue: "X" }),
    priority: Flags.integer({ description: "higher goes first", min: -1000, max: 1000, default: 0, helpValue: "N" }),
    wait: Flags.option({
      description: "for what to wait",
      options: ["none", "playable", "ready"] as const,
      default: "ready",
    })(),
    ...laterFlags,
  };

  async run(): Promise<AssetPlayback | (AssetPlayback | Failed)[]> {
    const { argv, flags } = await this.parse(Ingest);
    for (const [name, part] of laterNames) {
      if (flags[name] !== undefined && flags[name] !== false) throw notThereYet(`--${name}`, part);
    }
    const sources = argv.map(String);
    assertOneNamed(sources, flags);
    await using client = await this.connect(flags);
    const settings: IngestOptions["settings"] = {
      title: flags.title ?? "",
      ladder: flags.ladder ?? "",
      replicas: flags.replicas ?? 0,
      regions: flags.regions ?? [],
      pinnedNodes: flags.pin ?? [],
      labels: parseLabels(flags.label),
      externalId: flags["external-id"] ?? "",
      priority: flags.priority,
      sourceUrl: "",
      allowDamaged: false,
      keepSource: "",
      force: false,
      subtitles: [],
    };
    const outcomes = await this.#ingestAll(client, sources, { settings, wait: flags.wait });
    return await this.#conclude(outcomes);
  }

  async #ingestAll(
    client: ControlClient,
    sources: readonly string[],
    options: Pick<IngestOptions, "settings" | "wait">,
  ): Promise<Outcome[]> {
    const { ingestSource } = await import("../ingest/ingest-source.ts");
    const progress = await openProgress(process.stderr);
    const ingest = async (source: string): Promise<Outcome> => {
      const own = progress.begin(basename(source));
      try {
        const shared = { clock: this.clock, signal: this.signal, progress: own };
        return { source, done: await ingestSource(client, source, { ...options, ...shared }) };
      } catch (thrown) {
        const error = asVsError(thrown);
        own.end(error.code);
        return { source, error };
      }
    };
    try {
      return await mapBounded(sources, sourcesAtOnce, ingest);
    } finally {
      progress.close();
    }
  }

  async #conclude(outcomes: readonly Outcome[]): Promise<AssetPlayback | (AssetPlayback | Failed)[]> {
    const [only] = outcomes;
    if (only !== undefined && outcomes.length === 1) {
      if ("error" in only) throw only.error;
      this.#printOne(only.done);
      return only.done;
    }
    if (this.signal.aborted) throw interruptedWith(outcomes);
    if (outcomes.some((outcome) => "error" in outcome)) process.exitCode = 1;
    await this.printTable(outcomes, [
      { title: "SOURCE", value: ({ source }) => source },
      { title: "STATE", value: (outcome) => ("error" in outcome ? "failed" : outcome.done.asset.state) },
      { title: "ASSET", value: (outcome) => ("error" in outcome ? "" : outcome.done.asset.id) },
      { title: "", value: (outcome) => ("error" in outcome ? outcome.error.message : remarkOn(outcome.done)) },
    ]);
    return outcomes.map((outcome) =>
      "error" in outcome ? { source: outcome.source, error: outcome.error.toFailure() } : outcome.done,
    );
  }

  #printOne({ asset, playback }: AssetPlayback): void {
    this.print(
      `${asset.title} is ${asset.state}${asset.duplicate ? " (it was there already)" : ""}: asset ${asset.id}`,
    );
    for (const url of playback.watch) this.print(`watch  ${url}`);
    for (const url of playback.hls) this.print(`hls    ${url}`);
    for (const url of playback.dash) this.print(`dash   ${url}`);
  }
}

type Outcome =
  { readonly source: string; readonly done: AssetPlayback } | { readonly source: string; readonly error: VsError };

const laterNames = [
  ["subtitle", "media"],
  ["keep-source", "media"],
  ["force", "media"],
  ["allow-damaged", "media"],
  ["private", "serving and player"],
] as const;

// A title or an external id names one asset.
function assertOneNamed(
  sources: readonly string[],
  flags: { title?: string | undefined; "external-id"?: string | undefined },
): void {
  const named =
    flags.title !== undefined ? "--title" : flags["external-id"] !== undefined ? "--external-id" : undefined;
  if (sources.length < 2 || named === undefined) return;
  throw new VsError("usage", `${named} is for one source, and these are ${sources.length}`, {
    hint: "Ingest them one by one",
  });
}

function remarkOn({ asset, playback }: AssetPlayback): string {
  return asset.duplicate ? "it was there already" : (playback.watch[0] ?? "");
}

function interruptedWith(outcomes: readonly Outcome[]): VsError {
  const messages = outcomes.flatMap((outcome) => ("error" in outcome ? [outcome.error.message] : []));
  return new VsError("interrupted", messages.join("\n"), {
    hint: "Run the same command again: what is uploaded is not uploaded twice",
  });
}
