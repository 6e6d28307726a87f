// Flags that several commands take, and how their texts become values.
import * as Flags from "@oclif/core/flags";
import type { InferredFlags } from "@oclif/core/interfaces";
import { VsError } from "@vstream/core/errors.ts";
import type { ListQuery } from "./control-client.ts";
import { parseDuration } from "./durations.ts";

/** What every command takes, beside `--json`. */
export const globalFlags = {
  config: Flags.string({ description: "configuration file of the cluster", helpValue: "FILE", helpGroup: "GLOBAL" }),
  server: Flags.string({
    description: "control plane to talk to, with the token in VSCTL_TOKEN",
    helpValue: "URL",
    helpGroup: "GLOBAL",
  }),
  "no-color": Flags.boolean({ description: "no colours (as NO_COLOR does)", helpGroup: "GLOBAL" }),
  help: Flags.boolean({ description: "show this", helpGroup: "GLOBAL" }),
};

/** Of oclif's making; named here for help and completion. */
export const jsonFlag = Flags.boolean({ description: "one JSON document on standard output", helpGroup: "GLOBAL" });

export type GlobalFlags = InferredFlags<typeof globalFlags>;

export const yesFlag = Flags.boolean({ description: "do not ask" });

/** A duration such as `30s`, `15m`, `1h`, in milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: "DURATION",
  parse: (text) => Promise.resolve(parseDuration(text)),
});

/** Repeated `--label K=V`. */
export function labelFlag(description: string) {
  return Flags.string({ description, helpValue: "K=V", multiple: true, multipleNonGreedy: true });
}

/**
 * @throws VsError usage when one is not of the form `key=value`
 */
export function parseLabels(texts: readonly string[] = []): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const at = text.indexOf("=");
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw new VsError("usage", `"${text}" is not a label`, { hint: "Write labels as key=value" });
  });
  return Object.fromEntries(pairs);
}

/** What every list takes. */
export const listFlags = {
  quiet: Flags.boolean({ char: "q", description: "only ids, one a line" }),
  limit: Flags.integer({ description: "at most so many", min: 1, max: 500, default: 50, helpValue: "N" }),
  cursor: Flags.string({ description: "go on where the last list ended", helpValue: "CURSOR" }),
  sort: Flags.string({ description: 'field to sort by; "-" before it: descending', helpValue: "FIELD" }),
  state: Flags.string({
    description: "only those in this state; may be repeated",
    helpValue: "STATE",
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ",",
  }),
  node: Flags.string({ description: "only those on this node", helpValue: "NODE" }),
  label: labelFlag("only those with this label; may be repeated"),
};

export function toListQuery(flags: InferredFlags<typeof listFlags>): ListQuery {
  return {
    limit: flags.limit,
    cursor: flags.cursor ?? "",
    sort: flags.sort ?? "",
    states: flags.state ?? [],
    node: flags.node ?? "",
    labels: parseLabels(flags.label),
  };
}
