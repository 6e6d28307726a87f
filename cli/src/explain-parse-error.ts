// What oclif's parser rejects, as an error of vsctl's: `usage`, with the flag that was probably meant.
import { stripVTControlCharacters } from "node:util";
import { VsError } from "@vstream/core/errors.ts";
import { commandTable } from "./command-table.ts";
import { nearestWord } from "./did-you-mean.ts";

/** @param commandId of the command whose arguments were parsed */
export async function explainParseError(error: Error, commandId: string | undefined): Promise<VsError> {
  const entry = commandTable.find(({ id }) => id === commandId);
  const spoken = `vsctl ${(commandId ?? "").replaceAll(":", " ")}`.trimEnd();
  const hint = `See what it takes with: ${spoken} --help`;
  const unknown = "flags" in error && Array.isArray(error.flags) ? String(error.flags[0]) : undefined;
  if (error instanceof VsError) return new VsError(error.code, plainMessage(error), { hint: error.hint, cause: error });
  if (unknown === undefined) return new VsError("usage", plainMessage(error), { hint, cause: error });
  const command = await entry?.load();
  const known = command === undefined ? [] : Object.keys({ ...command.baseFlags, ...command.flags, json: true });
  const near = nearestWord(unknown.replace(/^-+/, "").replace(/=.*/s, ""), known);
  return new VsError("usage", `"${spoken}" has no flag ${unknown.replace(/=.*/s, "")}`, {
    hint: near === undefined ? hint : `Did you mean: ${spoken} --${near}`,
    cause: error,
  });
}

// oclif's messages are headings with lists below them, and end by naming --help, or with advice about flags that take
// the arguments after them, as ours do not.
function plainMessage(error: Error): string {
  const [message = ""] = stripVTControlCharacters(error.message).split("\n\nNote:");
  const lines = message
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("See more help") && !line.startsWith("The following error"));
  const text = lines
    .join("; ")
    .replace(/:;/g, ":")
    .replace(/^Parsing (--[\w-]+);/, "$1:")
    .replace(/\s{2,}/g, " – ");
  return text.charAt(0).toLowerCase() + text.slice(1);
}
