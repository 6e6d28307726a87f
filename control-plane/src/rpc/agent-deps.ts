// What the calls of nodes are answered with.
import type { Clock } from "@vstream/core/clock.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ControlLoop } from "../control-loop/control-loop.ts";
import type { CertificateAuthority } from "../identity/certificate-authority.ts";
import type { Tokens } from "../identity/join-tokens.ts";
import type { Ladders } from "../planning/ladder-forms.ts";

export interface AgentDeps {
  readonly catalog: Catalog;
  readonly loop: ControlLoop;
  readonly tokens: Tokens;
  readonly authority: CertificateAuthority;
  readonly clock: Clock;
  readonly settings: AgentSettings;
}

export interface AgentSettings {
  readonly certificateDays: number;
  /** What an asset gets that a node offers. */
  readonly ingest: { readonly replicas: number; readonly maxSourceBytes: number; readonly ladders: Ladders };
  /** Where sessions are dialled; known once that listener is open. */
  agentPort(): number;
}
