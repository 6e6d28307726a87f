// Checks on what the wire brings: ids become file names and URLs here, so nothing unchecked passes.
import { VsError } from "@vstream/core/errors.ts";
import { isId, isPieceId, isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, Sha256, TaskId } from "@vstream/core/ids.ts";

/** A field that must be there. @throws VsError invalid_argument */
export function required<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw refused(`a message has no ${what}`);
  return value;
}

export function assetIdOf(text: string): AssetId {
  if (!isId("asset", text)) throw refused(`${JSON.stringify(text)} is not the id of an asset`);
  return text;
}

export function nodeIdOf(text: string): NodeId {
  if (!isId("node", text)) throw refused(`${JSON.stringify(text)} is not the id of a node`);
  return text;
}

export function taskIdOf(text: string): TaskId {
  if (!isId("task", text)) throw refused(`${JSON.stringify(text)} is not the id of a task`);
  return text;
}

export function pieceIdOfText(text: string): PieceId {
  if (!isPieceId(text)) throw refused(`${JSON.stringify(text)} is not the id of a piece`);
  return text;
}

export function sha256Of(text: string): Sha256 {
  if (!isSha256(text)) throw refused(`${JSON.stringify(text)} is not a SHA-256`);
  return text;
}

/** A whole number that is not negative. */
export function countOf(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 0) throw refused(`${what} is ${String(value)}`);
  return value;
}

export function refused(message: string): VsError {
  return new VsError("invalid_argument", `the control plane sent something wrong: ${message}`, {
    hint: "Check that agent and control plane are of the same version",
  });
}
