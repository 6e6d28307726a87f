// The shape of AdminService's answers, taken from its definition: a call without an answer does not compile.
import type { AdminServiceService } from "@vstream/proto/admin.ts";
import type { Clock } from "@vstream/core/clock.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ControlLoop } from "../../control-loop/control-loop.ts";
import type { Tokens } from "../../identity/join-tokens.ts";
import type { SourceTickets } from "../../identity/source-tickets.ts";
import type { Ladders } from "../../planning/ladder-forms.ts";
import type { AssetPace } from "../asset-pace.ts";
import type { CallContext } from "../answered-call.ts";
import type { User } from "../caller.ts";

type Definition = typeof AdminServiceService;
export type AdminMethod = keyof Definition;
type Request<Method extends AdminMethod> = ReturnType<Definition[Method]["requestDeserialize"]>;
type Response<Method extends AdminMethod> = ReturnType<Definition[Method]["responseDeserialize"]>;

type StreamMethod = {
  [Method in AdminMethod]: Definition[Method]["responseStream"] extends true ? Method : never;
}[AdminMethod];
type SingleMethod = Exclude<AdminMethod, StreamMethod>;

export type AdminAnswers = {
  readonly [Method in SingleMethod]: (
    request: Request<Method>,
    context: CallContext<User>,
  ) => Promise<Response<Method>>;
};
export type AdminStreams = {
  readonly [Method in StreamMethod]: (
    request: Request<Method>,
    context: CallContext<User>,
  ) => AsyncIterable<Response<Method>>;
};

export interface AdminDeps {
  readonly catalog: Catalog;
  readonly loop: ControlLoop;
  readonly tokens: Tokens;
  readonly tickets: SourceTickets;
  readonly clock: Clock;
  readonly pace: AssetPace;
  readonly settings: AdminSettings;
}

export interface AdminSettings {
  /** How many homes an asset gets when nothing else is asked for. */
  readonly replicas: number;
  readonly maxSourceBytes: number;
  readonly ladders: Ladders;
  /** How long viewers must have asked a draining node for nothing. */
  readonly drainQuietMs: number;
  readonly version: string;
  readonly startedAt: number;
}
