// What is wrong with the cluster and with the way to it, and what to do. Ends with 1 when something is.
import { styleText } from "node:util";
import { asVsError } from "@vstream/core/errors.ts";
import { configPath } from "../cluster-address.ts";
import { wholeList } from "../control-client.ts";
import type { ControlClient } from "../control-client.ts";
import { checkCluster } from "../doctor/check-cluster.ts";
import { checkHere } from "../doctor/check-here.ts";
import { fine, problem } from "../doctor/findings.ts";
import type { Finding } from "../doctor/findings.ts";
import { escapeText } from "../escape-text.ts";
import type { GlobalFlags } from "../flags.ts";
import { VsctlCommand } from "../vsctl-command.ts";

/** Copies of an asset when nothing else was asked for. */
const usualReplicas = 2;

export default class Doctor extends VsctlCommand {
  async run(): Promise<{ ok: boolean; findings: Finding[] }> {
    const { flags } = await this.parse(Doctor);
    const named = flags.server ?? process.env["VSCTL_SERVER"];
    const configFile = named === undefined ? configPath({ config: flags.config, env: process.env }) : undefined;
    const findings = [...checkHere(configFile), ...(await this.#checkCluster(flags))];
    const ok = findings.every((finding) => finding.ok);
    for (const finding of findings) this.log(lineOf(finding));
    if (!ok) process.exitCode = 1;
    return { ok, findings };
  }

  async #checkCluster(flags: GlobalFlags): Promise<Finding[]> {
    try {
      await using client = await this.connect(flags);
      const startedAtMs = this.clock.monotonicMs();
      const status = await client.getStatus();
      const tookMs = Math.round(this.clock.monotonicMs() - startedAtMs);
      const reached = fine("connection", `the control plane answers in ${tookMs} ms, by TLS, and takes the token`);
      const nodes = (await client.listNodes(wholeList)).items;
      const replicas = await mostReplicas(client);
      const facts = { status, nodes, replicas, nowMs: this.clock.now(), vsctlVersion: this.config.version };
      return [reached, ...checkCluster(facts)];
    } catch (thrown) {
      this.signal.throwIfAborted();
      const { message, hint } = asVsError(thrown);
      return [problem("connection", message, hint)];
    }
  }
}

async function mostReplicas(client: ControlClient): Promise<number> {
  const { items } = await client.listAssets(wholeList, "");
  return Math.max(usualReplicas, ...items.map((asset) => asset.replicasWanted));
}

const checkWidth = "configuration  ".length;

function lineOf({ check, ok, message, hint }: Finding): string {
  const mark = ok ? styleText("green", "ok     ") : styleText("red", "problem");
  const todo = hint === "" ? "" : `\n         ${" ".repeat(checkWidth)}${escapeText(hint)}`;
  return `${mark}  ${check.padEnd(checkWidth)}${escapeText(message)}${todo}`;
}
