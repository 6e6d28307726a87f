// Fetches an asset's source back, as it was given, and holds it against its hash. What is interrupted is gone on with
// by the same command; what is there is never replaced unless that is asked for.
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import { downloadSource } from "../../download/download-source.ts";
import { localName, localPath } from "../../download/local-name.ts";
import { openFileTarget, StreamTarget } from "../../download/source-target.ts";
import type { SourceTarget } from "../../download/source-target.ts";
import { formatBytes } from "../../formats.ts";
import { openProgress } from "../../ingest/progress.ts";
import type { SourceProgress } from "../../ingest/progress.ts";
import { assetArgs } from "../../named-args.ts";
import type { Asset, Download } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class AssetsDownload extends VsctlCommand {
  static override args = assetArgs;
  static override flags = {
    output: Flags.string({
      char: "o",
      description: "where to; a folder, or - for standard output (the source's name in the current folder)",
      helpValue: "FILE",
    }),
    force: Flags.boolean({ description: "replace a file that is there" }),
  };
  static override examples = ["vsctl assets download ID -o /srv/sources/"];

  async run(): Promise<Download> {
    const { args, flags } = await this.parse(AssetsDownload);
    const isStream = flags.output === "-";
    if (isStream) this.#checkStream();
    await using client = await this.connect(flags);
    const { asset, tickets } = await client.downloadSource(args.id);
    const { sha256, bytes } = sourceOf(asset);
    const name = localName(asset.sourceName, args.id);
    const path = isStream ? "-" : await localPath(flags.output, name);
    const progress = await openProgress(process.stderr);
    const own = progress.begin(name);
    try {
      await using target = await this.#open({ path, sha256, bytes, force: flags.force }, own);
      await downloadSource(client, target, {
        ...{ assetId: args.id, sha256, bytes, tickets, clock: this.clock, signal: this.signal },
        onProgress: (there) => {
          own.step("downloading", there / bytes);
        },
        say: (text) => {
          own.say(text);
        },
      });
      await target.finish();
    } catch (thrown) {
      throw this.signal.aborted && !isStream ? interrupted(args.id) : thrown;
    } finally {
      progress.close();
    }
    if (!isStream) this.print(`${path}: ${formatBytes(bytes)}, ${sha256}`);
    return { asset: args.id, path, bytes, sha256 };
  }

  #checkStream(): void {
    if (this.jsonEnabled()) {
      throw new VsError("usage", "--json and -o - both write to standard output", { hint: "Leave one of them out" });
    }
    if (process.stdout.isTTY) {
      throw new VsError("usage", "a source is not for a terminal", { hint: "Name a file, or pipe it: -o - | …" });
    }
  }

  async #open(
    { path, sha256, bytes, force }: { path: string; sha256: string; bytes: number; force: boolean },
    progress: SourceProgress,
  ): Promise<SourceTarget> {
    const { signal } = this;
    if (path === "-") return new StreamTarget(process.stdout, signal);
    const onRead = (read: number): void => {
      progress.step("reading what is here", read / bytes);
    };
    return await openFileTarget({ path, sha256, force, signal, onRead });
  }
}

function interrupted(id: string): VsError {
  return new VsError("interrupted", `the download of asset ${id} was interrupted`, {
    hint: "Run the same command again: it goes on where it was",
  });
}

function sourceOf({ id, sourceSha256, sourceBytes }: Asset): { sha256: string; bytes: number } {
  if (sourceSha256 !== null && sourceBytes !== null) return { sha256: sourceSha256, bytes: sourceBytes };
  throw new VsError("conflict", `the source of ${id} is not known yet`, { hint: `Wait with: vsctl assets wait ${id}` });
}
