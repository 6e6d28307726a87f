// Has every node hash again what it holds of an asset, and says which copies are good. Ends with 1 while one is bad or
// cannot be reached, and when there is none.
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient } from "../../control-client.ts";
import { follow } from "../../follow.ts";
import { formatBytes, orNothing, shorten } from "../../formats.ts";
import { openProgress } from "../../ingest/progress.ts";
import type { SourceProgress } from "../../ingest/progress.ts";
import { assetArgs } from "../../named-args.ts";
import type { CopyVerification, Verification } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const columns: Column<CopyVerification>[] = [
  { title: "NODE", value: (copy) => nameOf(copy) },
  { title: "STATE", value: (copy) => copy.state },
  { title: "CHECKED", value: (copy) => formatBytes(copy.checkedBytes), align: "right" },
  { title: "OF", value: (copy) => formatBytes(copy.totalBytes), align: "right" },
  { title: "WRONG PIECES", value: ({ badPieceIds }) => orNothing(shorten(badPieceIds.join(", "), 60)) },
  { title: "REASON", value: (copy) => orNothing(copy.reason) },
];

export default class AssetsVerify extends VsctlCommand {
  static override args = assetArgs;

  async run(): Promise<Verification> {
    const { args, flags } = await this.parse(AssetsVerify);
    await using client = await this.connect(flags);
    const copies = await this.#verify(client, args.id);
    if (copies.length === 0) await refuseUploading(client, args.id);
    const bad = copies.filter(({ state }) => state !== "good").length;
    if (bad > 0 || copies.length === 0) process.exitCode = 1;
    if (copies.length > 0) await this.printTable(copies, columns);
    this.#conclude(args.id, copies);
    return { asset: args.id, copies, bad };
  }

  async #verify(client: ControlClient, id: string): Promise<readonly CopyVerification[]> {
    const progress = await openProgress(process.stderr);
    const shown = new Map<string, SourceProgress>();
    // A verification has no place to go on from: after a break it begins anew.
    const open = async function* () {
      for await (const item of client.verifyAsset(id)) yield { item, resumeToken: "" };
    };
    try {
      const options = { clock: this.clock, signal: this.signal, onLost: this.sayLost };
      for await (const { copies, done } of follow(open, options)) {
        for (const copy of copies) {
          const own = shown.get(copy.nodeId) ?? progress.begin(nameOf(copy));
          shown.set(copy.nodeId, own);
          own.step(copy.state, copy.totalBytes === 0 ? 1 : copy.checkedBytes / copy.totalBytes);
        }
        if (done) return copies;
      }
    } finally {
      progress.close();
    }
    throw new VsError("internal", `the verification of asset ${id} ended before every node had answered`, {
      hint: `Try again: vsctl assets verify ${id}`,
    });
  }

  #conclude(id: string, copies: readonly CopyVerification[]): void {
    const statesOf = new Set(copies.map(({ state }) => state));
    if (copies.length === 0) {
      this.say(
        `asset ${id}: no node holds a copy, so there is nothing to verify. See why with: vsctl assets show ${id}`,
      );
    }
    if (statesOf.has("bad")) {
      this.say(
        `What was wrong is dropped, and made again from good copies: watch it with: vsctl assets show ${id} --watch`,
      );
    }
    if (statesOf.has("unreachable")) this.say("Some nodes could not be asked: see how they are with: vsctl nodes list");
  }
}

// Before its source is on a node an asset has no copies, and lacks none.
async function refuseUploading(client: ControlClient, id: string): Promise<void> {
  const { state } = await client.getAsset(id);
  if (state !== "uploading") return;
  throw new VsError("conflict", `asset ${id} has nothing to verify yet: it is uploading`, {
    hint: `Wait with: vsctl assets wait ${id}`,
  });
}

function nameOf({ nodeName, nodeId }: CopyVerification): string {
  return nodeName === "" ? nodeId : nodeName;
}
