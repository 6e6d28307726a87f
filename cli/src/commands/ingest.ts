// Takes videos in: files and standard input are uploaded straight to nodes, URLs are fetched by a node. Waits until they
// are encoded.
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
import { interruptedWith, summaryOf } from "../ingest/outcomes.ts";
import type { Outcome } from "../ingest/outcomes.ts";
import { openProgress } from "../ingest/progress.ts";
import { assertOneNamed, nameSource, sourceNameOf } from "../ingest/source.ts";
import type { NamedSource } from "../ingest/source.ts";
import { readSubtitles } from "../subtitle-files.ts";
import { VsctlCommand } from "../vsctl-command.ts";

/** How many sources are taken in at a time. */
const sourcesAtOnce = 3;

const sourceFlags = {
  subtitle: Flags.string({
    description: "a file of subtitles (.srt, .vtt) and its language; may be repeated",
    helpValue: "LANG=FILE",
    multiple: true,
    multipleNonGreedy: true,
  }),
  "no-beside": Flags.boolean({
    description: "leave out the subtitles beside a file (movie.srt, movie.en.vtt for movie.mp4)",
  }),
  "keep-source": Flags.option({
    description: "how long to keep the source: for ever, until it is ready, or only until it is encoded",
    options: ["always", "ready", "never"] as const,
  })(),
  force: Flags.boolean({ description: "make another asset although the same bytes are there already" }),
  "allow-damaged": Flags.boolean({ description: "publish what is good of a damaged source, marked so" }),
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
  static override examples = [
    "vsctl ingest movie.mp4 --title 'The movie' --subtitle en=movie.srt",
    "vsctl ingest *.mp4 --label series=demo",
    "vsctl ingest https://media.example/movie.mp4",
    "ffmpeg … -f matroska - | vsctl ingest - --title 'A recording'",
  ];

  static override args = {
    source: Args.string({
      required: true,
      ignoreStdin: true,
      description:
        "a video file, an http, https or s3 URL that a node fetches, or - for standard input; may be several",
    }),
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
    ...sourceFlags,
  };

  async run(): Promise<AssetPlayback | (AssetPlayback | Failed)[]> {
    const { argv, flags } = await this.parse(Ingest);
    if (flags.private) throw notThereYet("--private", "serving and player");
    const sources = argv.map((text) => ({ text: String(text), name: nameSource(String(text)) }));
    assertOneNamed(sources, flags);
    const settings: IngestOptions["settings"] = {
      title: flags.title ?? "",
      ladder: flags.ladder ?? "",
      replicas: flags.replicas ?? 0,
      regions: flags.regions ?? [],
      pinnedNodes: flags.pin ?? [],
      labels: parseLabels(flags.label),
      externalId: flags["external-id"] ?? "",
      priority: flags.priority,
      allowDamaged: flags["allow-damaged"],
      keepSource: flags["keep-source"] ?? "",
      force: flags.force,
      subtitles: await readSubtitles(flags.subtitle ?? []),
    };
    await using client = await this.connect(flags);
    const outcomes = await this.#ingestAll(client, sources, {
      ...{ settings, wait: flags.wait, beside: !flags["no-beside"] },
    });
    return await this.#conclude(outcomes);
  }

  async #ingestAll(
    client: ControlClient,
    sources: readonly NamedSource[],
    options: Pick<IngestOptions, "settings" | "wait" | "beside">,
  ): Promise<Outcome[]> {
    const { ingestSource } = await import("../ingest/ingest-source.ts");
    const progress = await openProgress(process.stderr, this.clock);
    const ingest = async (source: NamedSource): Promise<Outcome> => {
      const named = { source: source.text, name: sourceNameOf(source.name) };
      if (this.signal.aborted) return { ...named, error: new VsError("interrupted", "interrupted") };
      const own = progress.begin(named.name);
      try {
        const shared = { clock: this.clock, signal: this.signal, progress: own };
        return { ...named, done: await ingestSource(client, source.name, { ...options, ...shared }) };
      } catch (thrown) {
        const error = asVsError(thrown);
        // What a single one ended with is said in full after this.
        own.end(sources.length === 1 ? error.code : `${error.code}: ${error.message}`);
        return { ...named, error };
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
    this.say(summaryOf(outcomes));
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

function remarkOn({ asset, playback }: AssetPlayback): string {
  return asset.duplicate ? "it was there already" : (playback.watch[0] ?? "");
}
