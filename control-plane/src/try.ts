import { openSqliteCatalog } from "./catalog/sqlite/open-catalog.ts";
import { systemClock } from "@vstream/core/clock.ts";
import { openLog } from "@vstream/core/log.ts";
import { rmSync, mkdirSync } from "node:fs";
const { log } = openLog({ program: "t", level: "silent" });
for (const threadUrl of [undefined, new URL("file:///tmp/catb/catalog-thread.js")])
  for (let i = 0; i < 4; i++) {
    const c0 = process.cpuUsage();
    const t = performance.now();
    const c = await openSqliteCatalog({
      path: "/tmp/trycat/catalog.db",
      clock: systemClock,
      log,
      ...(threadUrl ? { threadUrl } : {}),
    });
    const t1 = performance.now();
    const c1 = process.cpuUsage(c0);
    console.log(
      threadUrl ? "bundle" : "source",
      Math.round(t1 - t),
      "ms wall",
      Math.round((c1.user + c1.system) / 1000),
      "ms cpu",
    );
    await c[Symbol.asyncDispose]();
    console.log("close", Math.round(performance.now() - t1), Math.round(process.memoryUsage.rss() / 1e6) + "MB");
  }
