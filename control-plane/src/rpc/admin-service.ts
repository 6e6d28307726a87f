// AdminService: every call is told from its token and role, and answered by its topic's file in admin/.
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { CallContext } from "./answered-call.ts";
import { answeredCall } from "./answered-call.ts";
import type { StreamDeps } from "./answered-stream.ts";
import { answeredStream } from "./answered-stream.ts";
import { identifyUser } from "./caller.ts";
import type { User } from "./caller.ts";
import type { AdminAnswers, AdminDeps, AdminMethod, AdminStreams } from "./admin/admin-calls.ts";
import { assetAnswers } from "./admin/assets.ts";
import { careAnswers } from "./admin/care.ts";
import { listEvents, watchEvents } from "./admin/events.ts";
import { downloadSource } from "./admin/download-source.ts";
import { nodeAnswers } from "./admin/nodes.ts";
import { getStatus } from "./admin/status.ts";
import { taskAnswers } from "./admin/tasks.ts";
import { tokenAnswers } from "./admin/tokens.ts";
import { previewRebalance } from "./admin/preview-rebalance.ts";
import { getProvenance } from "./admin/provenance.ts";
import { rebuildAsset } from "./admin/rebuild-asset.ts";
import { reencodeAsset } from "./admin/reencode-asset.ts";
import { verifyAsset } from "./admin/verify-asset.ts";
import { watchAsset } from "./admin/watch-asset.ts";

/** For the listener that users dial. */
export function adminService(deps: AdminDeps, calls: StreamDeps): UntypedServiceImplementation {
  const answers: AdminAnswers = {
    ...assetAnswers(deps),
    ...careAnswers(deps),
    ...nodeAnswers(deps),
    ...tokenAnswers(deps),
    ...taskAnswers(deps),
    downloadSource: async (request) => await downloadSource(deps, request),
    reencodeAsset: async (request, { caller }) => await reencodeAsset(deps, { request, actor: caller.actor }),
    getProvenance: async (request) => await getProvenance(deps, request),
    listEvents: async (request) => await listEvents(deps, request),
    getStatus: async () => await getStatus(deps),
    previewRebalance: async () => await previewRebalance(deps),
  };
  const streams: AdminStreams = {
    watchAsset: (request, context) => watchAsset(deps, request, context),
    verifyAsset: (request, context) => verifyAsset(deps, request, context),
    rebuildAsset: (request, context) => rebuildAsset(deps, request, context),
    watchEvents: (request, context) => watchEvents(deps, request, context),
  };
  const service: UntypedServiceImplementation = {};
  for (const name of methodsOf(answers)) {
    service[name] = answeredCall(calls, { ...identified(deps, name), answer: loose<Promise<unknown>>(answers[name]) });
  }
  for (const name of methodsOf(streams)) {
    const answer = loose<AsyncIterable<unknown>>(streams[name]);
    service[name] = answeredStream(calls, { ...identified(deps, name), answer });
  }
  return service;
}

function identified(
  deps: AdminDeps,
  name: AdminMethod,
): Pick<Parameters<typeof answeredCall<User, never, never>>[1], "name" | "identify"> {
  return { name, identify: async (surface) => await identifyUser(deps.tokens, name, surface) };
}

function methodsOf<Answers extends object>(answers: Answers): (keyof Answers)[] {
  return Object.keys(answers) as (keyof Answers)[];
}

// Within a loop over the names, TypeScript no longer knows that each request goes to its own answer.
function loose<Result>(
  answer: (request: never, context: CallContext<User>) => Result,
): (request: unknown, context: CallContext<User>) => Result {
  return answer as (request: unknown, context: CallContext<User>) => Result;
}
