// An asset that cannot be finished says why; the catalog ends its open work with it.
import type { Failure } from "@vstream/core/errors.ts";
import type { AssetRecord, TaskRecord } from "../catalog/records.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Decision } from "./decisions.ts";

export function failAsset({ asset }: AssetFacts, failure: Failure): Decision[] {
  return [{ kind: "set-asset-state", assetId: asset.id, from: asset.state, to: "failed", error: failure }];
}

/** Of a dead task without an error. */
export function unexplained(task: TaskRecord): Failure {
  return { code: "internal", message: `the ${task.kind} task ${task.id} died without saying why`, hint: "" };
}

export function sourceLost(asset: AssetRecord): Failure {
  return {
    code: "object_missing",
    message: `no node holds the source of ${asset.id} any more`,
    hint: "Start a node that held it, or ingest the file again: vsctl ingest FILE",
  };
}

export function sourceTooLarge({ sourceBytes }: AssetRecord, mostBytes: number): Failure {
  return {
    code: "source_too_large",
    message: `the source has ${String(sourceBytes)} bytes, more than ${String(mostBytes)}`,
    hint: "Raise maxSourceBytes in the control plane's configuration",
  };
}

export function piecesLost(asset: AssetRecord): Failure {
  return {
    code: "object_missing",
    message: `no node holds all of ${asset.id} any more, nor the source to make the rest from`,
    hint: "Start a node that held it, or ingest the file again: vsctl ingest FILE",
  };
}
