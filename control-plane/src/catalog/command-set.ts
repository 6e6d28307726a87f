// The commands and queries by name, as an engine runs them: each on a Db that stands inside one transaction.
import { applyDecisions } from "./apply-decisions.ts";
import { getAsset } from "./asset-summary.ts";
import { createAsset, findExisting } from "./assets.ts";
import { cancelAsset } from "./cancel-asset.ts";
import type { CatalogCommands, CatalogQueries } from "./catalog.ts";
import { listCopies } from "./copies.ts";
import { counts } from "./counts.ts";
import { recordDamage } from "./damage.ts";
import { reencodeAsset } from "./editions.ts";
import { unsettleDueEditions } from "./kept-editions.ts";
import { listEvents, recordEvent } from "./events.ts";
import { countHomes } from "./homes.ts";
import { recordInventory } from "./inventory.ts";
import { joinNode } from "./join-node.ts";
import { listAssets } from "./list-assets.ts";
import { listNodes } from "./list-nodes.ts";
import { listTasks } from "./list-tasks.ts";
import { getManifest, listManifestVersions } from "./manifest.ts";
import { countMoves, listExtraReplicas, listMovable } from "./movable.ts";
import { getNodeImpact } from "./node-impact.ts";
import { describeNode, getNode, recordCertificate, recordLoads } from "./nodes.ts";
import { getProvenance } from "./provenance.ts";
import { prune } from "./prune.ts";
import { recordPiece, recordReport } from "./reports.ts";
import { removeNode, setScheduling } from "./scheduling.ts";
import { getAssetView, planningSnapshot } from "./snapshot.ts";
import { getSubtitleFile } from "./subtitle-files.ts";
import type { Db } from "./tables.ts";
import { cancelTask, retryTask } from "./task-commands.ts";
import { getTaskLog } from "./task-log.ts";
import { getFindings, getTask } from "./tasks.ts";
import { createToken, getToken, listTokens, revokeToken } from "./tokens.ts";
import { deleteAsset, undeleteAsset, unsettleDueTrash } from "./trash.ts";
import { failUpload, moveUpload, recordUpload } from "./uploads.ts";
import { updateAsset } from "./update-asset.ts";
import { createVerification } from "./verification.ts";

type OnDb<Methods> = {
  [Name in keyof Methods]: Methods[Name] extends (...given: infer Given) => infer Result
    ? (db: Db, ...given: Given) => Result
    : never;
};

export const commandSet: OnDb<CatalogCommands> = {
  createAsset,
  moveUpload,
  failUpload,
  recordUpload,
  recordReport,
  recordPiece,
  recordInventory,
  recordDamage,
  createVerification,
  applyDecisions,
  updateAsset,
  cancelAsset,
  reencodeAsset,
  deleteAsset,
  undeleteAsset,
  retryTask,
  cancelTask,
  joinNode,
  describeNode,
  recordLoads,
  recordCertificate,
  setScheduling,
  removeNode,
  createToken,
  revokeToken,
  recordEvent,
  unsettleDueTrash,
  unsettleDueEditions,
  prune,
};

export const querySet: OnDb<CatalogQueries> = {
  getSubtitleFile,
  getAsset,
  findExisting,
  listAssets,
  getNode,
  listNodes,
  countHomes,
  getTask,
  listTasks,
  getFindings,
  getTaskLog,
  getToken,
  listTokens,
  listEvents,
  planningSnapshot,
  getAssetView,
  getManifest,
  listManifestVersions,
  counts,
  listCopies,
  listMovable,
  countMoves,
  listExtraReplicas,
  getNodeImpact,
  getProvenance,
};
