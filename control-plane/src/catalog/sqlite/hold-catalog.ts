// A program for tests: opens the catalog of the folder that it is given, makes a token, says its id and then waits to
// be killed.
import { systemClock } from "@vstream/core/clock.ts";
import { openLog } from "@vstream/core/log.ts";
import { aToken } from "../contract/builders.ts";
import { openSqliteCatalog } from "./open-catalog.ts";

const { log } = openLog({ program: "hold-catalog", level: "silent" });
const catalog = await openSqliteCatalog({ path: process.argv[2] ?? "", clock: systemClock, log });
const token = await catalog.commands.createToken(aToken(), "user:test");
process.stdout.write(`${token.id}\n`);
