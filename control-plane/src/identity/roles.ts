// Who may ask what. Every call of AdminService has an entry: without one the program does not compile, and a call
// that is not listed is refused.
import { VsError } from "@vstream/core/errors.ts";
import type { Role } from "../catalog/records.ts";

const adminOnly: readonly Role[] = ["admin"];

export const rolesOfCalls = {
  createAsset: adminOnly,
  renewUpload: adminOnly,
  abandonUpload: adminOnly,
  getAsset: adminOnly,
  listAssets: adminOnly,
  deleteAsset: adminOnly,
  undeleteAsset: adminOnly,
  updateAsset: adminOnly,
  cancelAsset: adminOnly,
  reencodeAsset: adminOnly,
  downloadSource: adminOnly,
  getProvenance: adminOnly,
  getPlayback: adminOnly,
  watchAsset: adminOnly,
  verifyAsset: adminOnly,
  rebuildAsset: adminOnly,
  listNodes: adminOnly,
  getNode: adminOnly,
  cordonNode: adminOnly,
  uncordonNode: adminOnly,
  drainNode: adminOnly,
  removeNode: adminOnly,
  getNodeLogs: adminOnly,
  getNodeImpact: adminOnly,
  previewRebalance: adminOnly,
  createToken: adminOnly,
  listTokens: adminOnly,
  revokeToken: adminOnly,
  listTasks: adminOnly,
  getTask: adminOnly,
  getTaskLogs: adminOnly,
  retryTask: adminOnly,
  cancelTask: adminOnly,
  listEvents: adminOnly,
  watchEvents: adminOnly,
  getStatus: adminOnly,
} as const satisfies Record<string, readonly Role[]>;

export type AdminCall = keyof typeof rolesOfCalls;

/** @throws VsError forbidden */
export function checkRole(call: AdminCall, role: Role | ""): void {
  if (role !== "" && rolesOfCalls[call].includes(role)) return;
  throw new VsError("forbidden", `the role ${role === "" ? "(none)" : role} may not call ${call}`, {
    hint: `Use a token with one of the roles: ${rolesOfCalls[call].join(", ")}`,
  });
}
