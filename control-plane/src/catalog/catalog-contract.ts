// What every engine of the catalog must do: one suite, run against each.
import { describeAssets } from "./contract/assets-contract.ts";
import { describeCopies } from "./contract/copies-contract.ts";
import { describeDecisions } from "./contract/decisions-contract.ts";
import { describeJoining } from "./contract/joining-contract.ts";
import { describeLargeSnapshots } from "./contract/large-snapshot-contract.ts";
import { describeLists } from "./contract/lists-contract.ts";
import { describeManifests } from "./contract/manifests-contract.ts";
import { describeNodes } from "./contract/nodes-contract.ts";
import { describeReports } from "./contract/reports-contract.ts";
import { describeRestart } from "./contract/restart-contract.ts";
import { describeSettling } from "./contract/settling-contract.ts";
import { describeTasks } from "./contract/tasks-contract.ts";
import { sharedCatalog } from "./contract/under-test.ts";
import type { OpenCatalog } from "./contract/under-test.ts";

export function describeCatalog(name: string, open: OpenCatalog): void {
  describe(`catalog on ${name}`, () => {
    const catalog = sharedCatalog(open);
    describeAssets(catalog);
    describeReports(catalog);
    describeTasks(catalog);
    describeCopies(catalog);
    describeDecisions(catalog);
    describeSettling(catalog);
    describeManifests(catalog);
    describeNodes(catalog);
    describeJoining(catalog);
    describeLists(open);
    describeLargeSnapshots(open);
    describeRestart(open);
  });
}
