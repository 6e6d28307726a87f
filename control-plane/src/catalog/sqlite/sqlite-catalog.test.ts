// The SQLite engine, with its real threads, under the catalog's contract.
import { describeCatalog } from "../catalog-contract.ts";
import { openTestCatalog } from "./test-catalog.ts";

describeCatalog("SQLite", openTestCatalog);
