// Has made again what is wrong or missing of an asset: copied from a good copy, or encoded again and proved to be the
// same by its hashes. Ends with 1 when something cannot be made again.
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient } from "../../control-client.ts";
import { formatDuration } from "../../durations.ts";
import { durationFlag } from "../../flags.ts";
import { follow } from "../../follow.ts";
import { orNothing } from "../../formats.ts";
import { openProgress } from "../../ingest/progress.ts";
import type { IngestProgress, SourceProgress } from "../../ingest/progress.ts";
import { assetArgs } from "../../named-args.ts";
import type { PieceRebuild, Rebuild, RebuildProgress } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const defaultTimeoutMs = 60 * 60_000;

const columns: Column<PieceRebuild>[] = [
  { title: "PIECE", value: ({ pieceId }) => pieceId },
  { title: "BECAME", value: ({ state }) => state },
  { title: "BY", value: ({ nodeName, nodeId }) => orNothing(nodeName ?? nodeId) },
  { title: "OBJECTS", value: ({ objects }) => String(objects.length), align: "right" },
  { title: "SAME BYTES", value: ({ state, sameBytes }) => (state === "encoded" ? (sameBytes ? "yes" : "no") : "–") },
  { title: "REASON", value: ({ error }) => orNothing(error?.message ?? null) },
];

export default class AssetsRebuild extends VsctlCommand {
  static override args = assetArgs;
  static override flags = { timeout: durationFlag({ description: "give up after this long (1h)" }) };

  async run(): Promise<Rebuild> {
    const { args, flags } = await this.parse(AssetsRebuild);
    const timeoutMs = flags.timeout ?? defaultTimeoutMs;
    const late = new AbortController();
    let last: RebuildProgress | undefined;
    const timer = setTimeout(() => {
      late.abort(tooLate(args.id, timeoutMs, last));
    }, timeoutMs);
    try {
      const signal = AbortSignal.any([this.signal, late.signal]);
      await using client = await this.connect(flags, signal);
      const ended = await this.#rebuild(client, { id: args.id, signal }, (now) => {
        last = now;
      });
      const result = resultOf(args.id, ended);
      if (!isWhole(result)) process.exitCode = 1;
      if (ended.pieces.length > 0) await this.printTable(ended.pieces, columns);
      this.#conclude(result, ended);
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  async #rebuild(
    client: ControlClient,
    { id, signal }: { id: string; signal: AbortSignal },
    onLook: (now: RebuildProgress) => void,
  ): Promise<RebuildProgress> {
    const progress = await openProgress(process.stderr);
    const shown = new Shown(progress);
    const options = { clock: this.clock, signal, onLost: this.sayLost };
    try {
      for await (const now of follow((resumeToken) => client.rebuildAsset(id, resumeToken), options)) {
        onLook(now);
        shown.show(now);
        if (now.done) return now;
      }
    } finally {
      progress.close();
    }
    throw new VsError("internal", `the rebuild of asset ${id} ended before all of it was told`, {
      hint: `Try again: vsctl assets rebuild ${id}`,
    });
  }

  #conclude({ asset, verified, rebuilt, copied, failed }: Rebuild, { pieces }: RebuildProgress): void {
    if (verified.unreachable > 0) {
      this.say(`${verified.unreachable} nodes could not be asked: see how they are with: vsctl nodes list`);
    }
    if (failed.length > 0) {
      this.say(`asset ${asset}: ${failed.length} of ${pieces.length} pieces cannot be made again`);
      const hints = new Set(failed.map(({ error }) => error.hint).filter((hint) => hint !== ""));
      for (const hint of hints) this.say(hint);
      return;
    }
    const same = rebuilt.every(({ sameBytes }) => sameBytes);
    if (pieces.length === 0) this.print(`asset ${asset} is whole: every copy that could be read is good`);
    else if (same) {
      const encoded = rebuilt.length === 0 ? "" : `${rebuilt.length} pieces encoded again, to the same bytes; `;
      this.print(`asset ${asset} is whole again: ${encoded}${copied} copies made`);
    } else this.say(`asset ${asset} is whole again, but not with the bytes that it had`);
  }
}

/** A bar for the verification of each node, and for each piece that is at work. */
class Shown {
  readonly #progress: IngestProgress;
  readonly #bars = new Map<string, SourceProgress>();

  constructor(progress: IngestProgress) {
    this.#progress = progress;
  }

  show({ copies, pieces }: RebuildProgress): void {
    for (const { nodeId, nodeName, state, checkedBytes, totalBytes } of copies) {
      this.#bar(nodeName === "" ? nodeId : nodeName).step(state, totalBytes === 0 ? 1 : checkedBytes / totalBytes);
    }
    for (const { pieceId, state } of pieces) {
      if (state !== "waiting" || this.#bars.has(pieceId)) this.#bar(pieceId).step(state, null);
    }
  }

  #bar(name: string): SourceProgress {
    const bar = this.#bars.get(name) ?? this.#progress.begin(name);
    this.#bars.set(name, bar);
    return bar;
  }
}

function resultOf(asset: string, { copies, pieces, copiesMade }: RebuildProgress): Rebuild {
  const count = (state: string): number => copies.filter((copy) => copy.state === state).length;
  return {
    asset,
    verified: { copies: copies.length, bad: count("bad"), unreachable: count("unreachable") },
    rebuilt: pieces
      .filter(({ state }) => state === "encoded")
      .map(({ pieceId, nodeId, taskId, objects, sameBytes }) => {
        return { pieceId, nodeId: nodeId ?? "", taskId: taskId ?? "", objects, sameBytes };
      }),
    copied: copiesMade,
    failed: pieces.flatMap(({ pieceId, error }) => (error === null ? [] : [{ pieceId, error }])),
  };
}

function isWhole({ rebuilt, failed }: Rebuild): boolean {
  return failed.length === 0 && rebuilt.every(({ sameBytes }) => sameBytes);
}

function tooLate(id: string, timeoutMs: number, last: RebuildProgress | undefined): VsError {
  const open = last?.pieces.filter(({ state }) => ["waiting", "copying", "encoding"].includes(state)) ?? [];
  const left = open.length === 0 ? "" : `: ${open.length} pieces are still ${open[0]?.state ?? "waiting"}`;
  return new VsError("timed_out", `asset ${id} is not whole after ${formatDuration(timeoutMs)}${left}`, {
    hint: `See what it waits for with: vsctl tasks list --asset ${id}. The work goes on by itself`,
  });
}
