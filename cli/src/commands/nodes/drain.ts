// Moves a node's copies and work elsewhere, and says when its agent may be stopped.
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import { confirmLeaving } from "../../confirm-leaving.ts";
import type { ControlClient } from "../../control-client.ts";
import { durationFlag, yesFlag } from "../../flags.ts";
import { callPatiently } from "../../follow.ts";
import { nodeArgs } from "../../named-args.ts";
import { drainLine } from "../../node-pages.ts";
import type { Node } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const pollMs = 1_000;
/** With `force` the control plane ends a drain itself at the deadline, give or take this. */
const forcedWithinMs = 60_000;

export default class NodesDrain extends VsctlCommand {
  static override args = nodeArgs;
  static override flags = {
    deadline: durationFlag({ description: "how long it may take (an hour unless told otherwise)" }),
    "on-deadline": Flags.option({
      description: "then: keep waiting for copies, or give the node up although copies would be missing",
      options: ["hold", "force"] as const,
      default: "hold",
    })(),
    wait: Flags.boolean({ description: "wait until the node is drained" }),
    yes: yesFlag,
  };

  async run(): Promise<Node> {
    const { args, flags } = await this.parse(NodesDrain);
    const force = flags["on-deadline"] === "force";
    await using client = await this.connect(flags);
    if (force) {
      const act = `Drain ${args.node}, and give it up at the deadline even if copies would then be missing?`;
      await confirmLeaving(act, { client, node: args.node, yes: flags.yes, signal: this.signal });
    }
    const request = { node: args.node, deadlineMs: flags.deadline ?? 0, onDeadline: flags["on-deadline"] };
    const node = await client.drainNode(request);
    const drained = flags.wait && node.scheduling !== "drained" ? await this.#wait(client, node, force) : node;
    this.#report(drained);
    return drained;
  }

  async #wait(client: ControlClient, { id, name }: Node, force: boolean): Promise<Node> {
    this.say(`node ${name} is draining: its copies and its work move elsewhere`);
    let said = "";
    for (;;) {
      const node = await callPatiently(() => client.getNode(id), { clock: this.clock, signal: this.signal });
      if (node.scheduling === "drained") return node;
      if (node.scheduling !== "draining") {
        throw new VsError("conflict", `the drain of node ${name} was taken back: it is ${node.scheduling}`);
      }
      this.#failAfterDeadline(node, force);
      const line = node.drain === null ? `still a home of ${node.assetsHeld} asset(s)` : drainLine(node.drain);
      if (line !== said) this.say(`node ${name}: ${line}`);
      said = line;
      await this.clock.sleep(pollMs, this.signal);
    }
  }

  #failAfterDeadline({ name, drainDeadlineAt }: Node, force: boolean): void {
    const graceMs = force ? forcedWithinMs : 0;
    if (drainDeadlineAt === null || this.clock.now() < Date.parse(drainDeadlineAt) + graceMs) return;
    throw new VsError("timed_out", `node ${name} is not drained within its deadline; it holds what has no other copy`, {
      hint: `See what is left with: vsctl assets list --node ${name}. Do not stop its agent yet`,
    });
  }

  #report({ name, scheduling }: Node): void {
    if (scheduling === "drained") this.print(`node ${name} is drained: its agent may be stopped`);
    else this.print(`node ${name} is ${scheduling}: see when it is drained with: vsctl nodes drain ${name} --wait`);
  }
}
