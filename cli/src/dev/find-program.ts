// Where the programs of a local cluster are: beside the built vsctl, or in the clone that this vsctl runs from.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";

export type ProgramKind = "control" | "agent";

const places: Readonly<Record<ProgramKind, readonly string[]>> = {
  control: ["bin/vstream-control", "../../../control-plane/src/main.ts"],
  agent: ["bin/vstream-agent", "../../../node-agent/src/main.ts"],
};

/** The file that Node runs. @throws VsError not_found */
export function findProgram(kind: ProgramKind): string {
  const paths = places[kind].map((place) => join(import.meta.dirname, place));
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new VsError("not_found", `vstream-${kind} is not beside this vsctl`, {
    hint: "Run vsctl from a clone of vstream, or build it with: npm run build",
  });
}
