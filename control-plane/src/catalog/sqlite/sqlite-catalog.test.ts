// The SQLite engine, with its real threads, under the catalog's contract.
import { describeCatalog } from "../catalog-contract.ts";
import { openOldTestCatalog, openTestCatalog } from "./test-catalog.ts";

describeCatalog("SQLite", { open: openTestCatalog, openOld: openOldTestCatalog });
