// What would even out how full the nodes are: the moves and their bytes. It moves nothing itself: the control plane
// does, in the background, unless that is switched off.
import type { ControlClient } from "../../control-client.ts";
import { formatBytes, shorten } from "../../formats.ts";
import { rebalanceFields } from "../../node-pages.ts";
import type { Rebalance } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class NodesRebalance extends VsctlCommand {
  async run(): Promise<Rebalance> {
    const { flags } = await this.parse(NodesRebalance);
    await using client = await this.connect(flags);
    const rebalance = await client.previewRebalance();
    if (!this.jsonEnabled()) await this.#show(client, rebalance);
    return rebalance;
  }

  async #show(client: ControlClient, rebalance: Rebalance): Promise<void> {
    await this.printFields(rebalanceFields(rebalance));
    const { moves, movesInAll } = rebalance;
    if (moves.length === 0) {
      this.say("The nodes are about evenly full: there is nothing to move");
      return;
    }
    const { wholeList } = await import("../../control-client.ts");
    const { items } = await client.listNodes(wholeList);
    const nameOf = (nodeId: string): string => items.find(({ id }) => id === nodeId)?.name ?? nodeId;
    this.print("");
    await this.printTable(moves, [
      { title: "ASSET", value: (move) => move.assetId },
      { title: "TITLE", value: (move) => shorten(move.title, 40) },
      { title: "FROM", value: (move) => nameOf(move.fromNodeId) },
      { title: "TO", value: (move) => nameOf(move.toNodeId) },
      { title: "BYTES", value: (move) => formatBytes(move.bytes), align: "right" },
    ]);
    if (moves.length < movesInAll) this.say(`These are the next ${moves.length} of about ${movesInAll}`);
  }
}
