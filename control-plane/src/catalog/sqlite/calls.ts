// The catalog's methods, each sent to a thread by its name. Both lists are complete, or they would not compile.
import type { Clock } from "@vstream/core/clock.ts";
import type { CatalogCommands, CatalogQueries } from "../catalog.ts";
import type { SnapshotChanges } from "../snapshot-changes.ts";
import { keepSlow } from "./keep-slow.ts";
import { rememberSnapshots } from "./snapshot-memory.ts";
import type { ThreadClient } from "./thread-client.ts";

const commandNames: Record<keyof CatalogCommands, true> = {
  createAsset: true,
  moveUpload: true,
  failUpload: true,
  recordUpload: true,
  recordReport: true,
  recordPiece: true,
  recordInventory: true,
  recordDamage: true,
  createVerification: true,
  applyDecisions: true,
  updateAsset: true,
  cancelAsset: true,
  reencodeAsset: true,
  deleteAsset: true,
  undeleteAsset: true,
  retryTask: true,
  cancelTask: true,
  joinNode: true,
  describeNode: true,
  recordLoads: true,
  recordCertificate: true,
  setScheduling: true,
  removeNode: true,
  createToken: true,
  revokeToken: true,
  recordEvent: true,
  unsettleDueTrash: true,
  unsettleDueEditions: true,
  prune: true,
};

const queryNames: Record<Exclude<keyof CatalogQueries, "planningSnapshot">, true> = {
  getAsset: true,
  findExisting: true,
  listAssets: true,
  getNode: true,
  listNodes: true,
  countHomes: true,
  getTask: true,
  listTasks: true,
  getFindings: true,
  getTaskLog: true,
  getToken: true,
  listTokens: true,
  listEvents: true,
  getAssetView: true,
  getManifest: true,
  getSubtitleFile: true,
  listManifestVersions: true,
  counts: true,
  listCopies: true,
  listMovable: true,
  countMoves: true,
  listExtraReplicas: true,
  getNodeImpact: true,
  getProvenance: true,
};

export function commandsOf(writer: ThreadClient): CatalogCommands {
  return methodsOf(commandNames, writer) as unknown as CatalogCommands;
}

export function queriesOf(reader: ThreadClient, clock: Pick<Clock, "monotonicMs">): CatalogQueries {
  const planningSnapshot = rememberSnapshots(
    async (question) => (await reader.call("snapshotChanges", [question])) as SnapshotChanges,
  );
  const counts = keepSlow(async () => await reader.call("counts", []), clock);
  return { ...methodsOf(queryNames, reader), counts, planningSnapshot } as unknown as CatalogQueries;
}

// Types end at the thread's border; on its other side command-set.ts is typed by the same interfaces.
function methodsOf(names: Record<string, true>, client: ThreadClient) {
  return Object.fromEntries(
    Object.keys(names).map((name) => [name, async (...given: unknown[]) => await client.call(name, given)]),
  );
}
