// Everything by which this cluster knows others and is known: opened together from the data folder.
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { openCertificateAuthority } from "./certificate-authority.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { openTokens } from "./join-tokens.ts";
import type { Tokens } from "./join-tokens.ts";
import { openServerCertificate } from "./server-certificate.ts";
import type { ServerCertificate } from "./server-certificate.ts";
import { openSourceTickets } from "./source-tickets.ts";
import type { SourceTickets } from "./source-tickets.ts";

export interface Identity {
  readonly authority: CertificateAuthority;
  readonly server: ServerCertificate;
  readonly tokens: Tokens;
  readonly tickets: SourceTickets;
}

/** @throws VsError data_folder_unusable */
export async function openIdentity(deps: {
  readonly dataDir: string;
  readonly clusterName: string;
  readonly names: readonly string[];
  readonly catalog: Catalog;
  readonly clock: Clock;
}): Promise<Identity> {
  const { clock, clusterName, names, catalog } = deps;
  const folder = join(deps.dataDir, "identity");
  const authority = await openCertificateAuthority({ folder, clusterName, clock });
  return {
    authority,
    server: await openServerCertificate({ folder, authority, names, clock }),
    tickets: await openSourceTickets({ folder, clock }),
    tokens: openTokens({
      commands: catalog.commands,
      queries: catalog.queries,
      authoritySha256: authority.sha256,
      clock,
    }),
  };
}
