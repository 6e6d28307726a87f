// What every engine of the catalog must do: one suite, run against each.
import { describeAssets } from "./contract/assets-contract.ts";
import { describeCare } from "./contract/care-contract.ts";
import { describeChecks } from "./contract/check-contract.ts";
import { describeCopies } from "./contract/copies-contract.ts";
import { describeDamage } from "./contract/damage-contract.ts";
import { describeDecisions } from "./contract/decisions-contract.ts";
import { describeEditions } from "./contract/editions-contract.ts";
import { describeExtras } from "./contract/extras-contract.ts";
import { describeFetches } from "./contract/fetch-contract.ts";
import { describeHomes } from "./contract/homes-contract.ts";
import { describeJoining } from "./contract/joining-contract.ts";
import { describeLargeSnapshots } from "./contract/large-snapshot-contract.ts";
import { describeLists } from "./contract/lists-contract.ts";
import { describeManifests } from "./contract/manifests-contract.ts";
import { describeMigrations } from "./contract/migrations-contract.ts";
import { describeNodes } from "./contract/nodes-contract.ts";
import { describeProvenance } from "./contract/provenance-contract.ts";
import { describeReports } from "./contract/reports-contract.ts";
import { describeRestart } from "./contract/restart-contract.ts";
import { describeSettling } from "./contract/settling-contract.ts";
import { describeSnapshots } from "./contract/snapshots-contract.ts";
import { describeSourceKeeping } from "./contract/source-keeping-contract.ts";
import { describeTasks } from "./contract/tasks-contract.ts";
import { sharedCatalog } from "./contract/under-test.ts";
import type { OpenCatalog, OpenOldCatalog } from "./contract/under-test.ts";

export function describeCatalog(name: string, { open, openOld }: { open: OpenCatalog; openOld: OpenOldCatalog }): void {
  describe(`catalog on ${name}`, () => {
    const catalog = sharedCatalog(open);
    describeAssets(catalog);
    describeCare(catalog);
    describeSourceKeeping(catalog);
    describeReports(catalog);
    describeFetches(catalog);
    describeTasks(catalog);
    describeCopies(catalog);
    describeDamage(catalog);
    describeHomes(catalog);
    describeDecisions(catalog);
    describeSettling(catalog);
    describeManifests(catalog);
    describeExtras(catalog);
    describeEditions(catalog);
    describeChecks(catalog);
    describeProvenance(catalog);
    describeNodes(catalog);
    describeJoining(catalog);
    describeLists(open);
    describeSnapshots(open);
    describeLargeSnapshots(open);
    describeRestart(open);
    describeMigrations(openOld);
  });
}
