// What docs/interface names and later parts of the project bring: it exists, and says that it is not there yet.
import { VsError } from "@vstream/core/errors.ts";

export interface LaterCommand {
  readonly id: string;
  readonly summary: string;
  /** The part of the project that brings it. */
  readonly part: string;
}

const serving = "serving and player";
const trust = "trust";
const operation = "operation";

export const laterCommands: readonly LaterCommand[] = [
  { id: "play", summary: "Play an asset with headless viewers and measure", part: serving },
  { id: "catalog:backup", summary: "Copy the catalog to a file", part: trust },
  { id: "catalog:restore", summary: "Put a copy of the catalog back", part: trust },
  { id: "catalog:check", summary: "Check the catalog for damage", part: trust },
  { id: "catalog:rebuild", summary: "Make the catalog again from the stores", part: trust },
  { id: "audit", summary: "Who did what", part: trust },
  { id: "apply", summary: "Bring the cluster to what a file says", part: operation },
  { id: "diff", summary: "What apply would change", part: operation },
  { id: "catalog:migrate", summary: "Move the catalog to another database", part: operation },
  { id: "storage:check", summary: "Check the storage tier below the agents", part: operation },
  { id: "webhooks", summary: "Tell other systems what happens", part: operation },
  { id: "debug:bundle", summary: "Collect what a report of a problem needs", part: operation },
];

/** @param subject the command or flag, as it is typed */
export function notThereYet(subject: string, part: string): VsError {
  return new VsError("not_there_yet", `${subject} is not there yet: it comes with the part on ${part}`, {
    hint: "See what is there with: vsctl --help",
  });
}
