// AgentService: joining, by token, is on the listener that users dial; everything else is on the listener that wants a
// node's certificate, and there a node acts for nobody but itself.
import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { AgentServiceService } from "@vstream/proto/agent.ts";
import type { AgentServiceServer } from "@vstream/proto/agent.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { AgentDeps } from "./agent-deps.ts";
import { addressOf, answeredCall } from "./answered-call.ts";
import type { CallDeps, CallSpec } from "./answered-call.ts";
import { identifyNode } from "./caller.ts";
import { receiveInventory } from "./inventory-stream.ts";
import { joinCluster, renewCertificate } from "./join-cluster.ts";
import { offerSource } from "./offer-source.ts";
import { openAgentStream } from "./session-stream.ts";
import { sessionDefinition } from "./shared-encoding.ts";
import { unwantedUploads } from "./unwanted-uploads.ts";
import * as check from "./wire/checks.ts";
import { failureFromWire } from "./wire/failures.ts";
import { manifestToWire } from "./wire/manifest.ts";
import { pieceFromWire } from "./wire/media.ts";
import { fenceFromWire, inventoryFromWire, taskEndFromWire } from "./wire/reports.ts";

/** What one question of a node may name. */
const checkedUploadsLimit = 1_000;

interface Service {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** For the listener that users dial. */
export function joinService(deps: AgentDeps, calls: CallDeps): Service {
  const { join: definition } = AgentServiceService;
  const join = answeredCall(calls, {
    name: "join",
    identify: async (surface) => await Promise.resolve(addressOf(surface)),
    answer: async (request: Parameters<typeof joinCluster>[1], { caller }) => await joinCluster(deps, request, caller),
  });
  return { definition: { join: definition }, implementation: { join } };
}

/** For the listener that wants a node's certificate. */
export function agentService(deps: AgentDeps, calls: CallDeps): Service {
  const { join: _, ...definition } = AgentServiceService;
  const identify = async (surface: Parameters<typeof identifyNode>[1]): Promise<NodeRecord> =>
    await identifyNode(deps.catalog.queries, surface);
  const ofNode = <Request, Response>(
    name: string,
    answer: CallSpec<NodeRecord, Request, Response>["answer"],
  ): ReturnType<typeof answeredCall<NodeRecord, Request, Response>> => answeredCall(calls, { name, identify, answer });
  const implementation: Pick<AgentServiceServer, Exclude<keyof typeof AgentServiceService, "join">> = {
    renewCertificate: ofNode(
      "renewCertificate",
      async (request, { caller }) => await renewCertificate(deps, request, caller),
    ),
    session: openAgentStream({ loop: deps.loop, identify, calls }),
    reportInventory: receiveInventory({ loop: deps.loop, identify, calls }),
    reportTask: ofNode("reportTask", async (request, { caller }) => {
      const outcome = await deps.loop.reportTask(taskEndFromWire(request, caller.id));
      return { accepted: outcome === "accepted" };
    }),
    reportPiece: ofNode("reportPiece", async (request, { caller }) => {
      const report = { ...fenceFromWire(request, caller.id), piece: pieceFromWire(request.piece) };
      return { accepted: (await deps.loop.reportPiece(report)) === "accepted" };
    }),
    reportUpload: ofNode("reportUpload", async (request, { caller }) => {
      const upload = { assetId: check.assetId(request.assetId), nodeId: caller.id };
      const outcome = check.present(request.outcome, "outcome");
      if (outcome.$case === "failed") {
        await deps.loop.reportUploadFailure({ ...upload, failure: failureFromWire(outcome.value) });
        return { accepted: true };
      }
      const source = pieceFromWire(outcome.value);
      return { accepted: (await deps.loop.reportUpload({ ...upload, source })) === "accepted" };
    }),
    offerSource: ofNode("offerSource", async (request, { caller }) => await offerSource(deps, request, caller)),
    checkUploads: ofNode("checkUploads", async (request, { caller }) => {
      const named = check.atMost(request.assetIds, "asset ids", checkedUploadsLimit);
      const uploads = { nodeId: caller.id, assetIds: named.map((id) => check.assetId(id)) };
      return { unwantedAssetIds: await unwantedUploads(deps.catalog, uploads) };
    }),
    reportDamage: ofNode("reportDamage", async (request, { caller }) => {
      await deps.loop.reportDamage({ nodeId: caller.id, entries: inventoryFromWire(request) });
      return {};
    }),
    getSubtitleFile: ofNode("getSubtitleFile", async (request) => {
      const file = {
        assetId: check.assetId(request.assetId),
        number: check.integer(request.file, "file", check.count),
      };
      const found = await deps.catalog.queries.getSubtitleFile(file);
      if (found === null) throw noSubtitleFile(file);
      return { name: found.name, content: Buffer.from(found.content, "base64") };
    }),
    getManifest: ofNode("getManifest", async (request) => {
      const haveVersion = check.integer(request.haveVersion, "version", check.tickCount);
      const { edition } = request;
      const query = {
        assetId: check.assetId(request.assetId),
        haveVersion,
        ...(edition === undefined ? {} : { edition: check.integer(edition, "edition", check.count) }),
      };
      const manifest = await deps.catalog.queries.getManifest(query);
      if (manifest === null) throw await whyNoManifest(deps.catalog, query.assetId);
      return { manifest: manifestToWire(manifest) };
    }),
  };
  return { definition: { ...definition, session: sessionDefinition }, implementation };
}

function noSubtitleFile({ assetId, number }: { assetId: AssetId; number: number }): VsError {
  return new VsError("not_found", `asset ${assetId} has no subtitle file ${String(number)}`);
}

// An asset that nobody knows is another answer than one that has nothing to show yet.
async function whyNoManifest(catalog: Catalog, assetId: AssetId): Promise<VsError> {
  const summary = await catalog.queries.getAsset(assetId);
  if (summary === null) return new VsError("asset_not_found", `there is no asset ${assetId}`);
  const { state, error } = summary.asset;
  if (state === "deleting") return new VsError("asset_deleted", `asset ${assetId} has been deleted`);
  if (state === "failed") return new VsError("asset_failed", error?.message ?? `asset ${assetId} failed`);
  return new VsError("unavailable", `asset ${assetId} is ${state}: nothing of it can be played yet`, {
    hint: "Try again in a while",
  });
}
