// The writer: many commands in one commit, each whole or not at all.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { newId } from "@vstream/core/ids.ts";
import type { VsError } from "@vstream/core/errors.ts";
import type { Catalog } from "../catalog.ts";
import { aDescription, aList, aToken, anAsset, now } from "../contract/builders.ts";
import { systemClock } from "@vstream/core/clock.ts";
import { openLog } from "@vstream/core/log.ts";
import { openConnection, queriesOn } from "./connection.ts";
import { GroupCommit, commitBudgetMs } from "./group-commit.ts";
import type { Answer, Call } from "./messages.ts";
import { openSqliteCatalog } from "./open-catalog.ts";
import { testFolder } from "./test-catalog.ts";
import type { TestFolder } from "./test-catalog.ts";
import { waitingCallLimit } from "./thread-client.ts";

describe("commands on SQLite", () => {
  let folder: TestFolder;
  let catalog: Catalog;
  before(async () => {
    folder = await testFolder();
    catalog = await folder.open();
  });
  after(async () => {
    await catalog[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("shares commits among commands that come together", async () => {
    const create = async () => await catalog.commands.createToken(aToken(), "user:test");
    const logBytes = async () => (await stat(`${folder.path}-wal`)).size;
    const atFirst = await logBytes();
    for (let count = 0; count < 20; count += 1) await create();
    const oneByOne = (await logBytes()) - atFirst;
    await Promise.all(Array.from({ length: 20 }, create));
    const together = (await logBytes()) - atFirst - oneByOne;
    // Every commit writes the pages that it changed once more.
    assert.ok(together * 4 < oneByOne, `${together} bytes of log together, ${oneByOne} one by one`);
  });

  it("fails one command without the others, with all that the error says", async () => {
    const { commands, queries } = catalog;
    const tokens = [aToken(), aToken()] as const;
    const joining = { tokenId: newId("token", now), node: aDescription(), nodeId: newId("node", now), at: now };
    const [first, failed, last] = await Promise.allSettled([
      commands.createToken(tokens[0], "user:test"),
      commands.joinNode({ ...joining, certificateExpiresAt: now }),
      commands.createToken(tokens[1], "user:test"),
    ]);
    assert.deepEqual([first.status, failed.status, last.status], ["fulfilled", "rejected", "fulfilled"]);
    const reason = (failed as PromiseRejectedResult).reason as VsError;
    assert.deepEqual(
      [reason.name, reason.code, reason.message, reason.hint],
      [
        "VsError",
        "token_invalid",
        "this is not a token for nodes",
        "Make a new one with: vsctl tokens create --for node",
      ],
    );
    for (const token of tokens) assert.deepEqual(await queries.getToken(token.id), token);
  });

  it("takes back all that a failed command did, and nothing else of its commit", async () => {
    const refused = anAsset({ homes: [newId("node", now)] });
    const taken = anAsset();
    const outcomes = await Promise.allSettled([
      catalog.commands.createAsset(taken),
      catalog.commands.createAsset(refused),
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ["fulfilled", "rejected"],
    );
    assert.ok(await catalog.queries.getAsset(taken.id));
    assert.equal(await catalog.queries.getAsset(refused.id), null);
  });

  it("shows every query what an awaited command did", async () => {
    for (let count = 0; count < 50; count += 1) {
      const token = await catalog.commands.createToken(aToken(), "user:test");
      assert.equal((await catalog.queries.getToken(token.id))?.id, token.id);
    }
  });

  it("refuses more calls than may wait", async () => {
    const calls = Array.from({ length: waitingCallLimit + 1 }, async () => {
      await catalog.commands.recordLoads([]);
    });
    const outcomes = await Promise.allSettled(calls);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.deepEqual(
      refused.map((outcome) => (outcome.reason as VsError).code),
      ["unavailable"],
    );
  });
});

describe("the catalog's file on SQLite", () => {
  let folder: TestFolder;
  beforeEach(async () => {
    folder = await testFolder();
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  it("refuses writing while the disk is full, and goes on by itself when it is not", async () => {
    await (await folder.open())[Symbol.asyncDispose]();
    const sqlite = openConnection(folder.path, "write");
    const commits = new GroupCommit(sqlite, queriesOn(sqlite), systemClock);
    sqlite.pragma(`max_page_count = ${Number(sqlite.pragma("page_count", { simple: true })) + 2}`);
    const codes = new Set<string>();
    for (let id = 0; id < 100; id += 1) codes.add(codeOf((await commits.run([creation(id)])).answers[0]!));
    assert.deepEqual(codes, new Set(["done", "storage_full"]));
    sqlite.pragma("max_page_count = 100000");
    assert.equal(codeOf((await commits.run([creation(100)])).answers[0]!), "done");
    sqlite.close();
  });

  it("commits what is done when commands take long, and leaves the others for the next time", async () => {
    await (await folder.open())[Symbol.asyncDispose]();
    const sqlite = openConnection(folder.path, "write");
    let nowMs = 0;
    const slow = { monotonicMs: () => (nowMs += commitBudgetMs / 2) };
    const commits = new GroupCommit(sqlite, queriesOn(sqlite), slow);
    const { answers } = await commits.run([creation(1), creation(2), creation(3)]);
    assert.deepEqual(
      answers.map(({ id }) => id),
      [1, 2],
    );
    assert.equal(sqlite.prepare<[], { n: number }>("select count(*) as n from assets").get()?.n, 2);
    sqlite.close();
  });

  it("tells the program once when the file fails under it, and rejects what waits", async () => {
    await using filled = await folder.open();
    await Promise.all(Array.from({ length: 300 }, async () => await filled.commands.createAsset(anAsset())));
    await filled[Symbol.asyncDispose]();
    const told: string[] = [];
    await using catalog = await folder.open((error) => told.push(error.code));
    await overwrite(folder.path);
    const list = async () => await catalog.queries.listAssets({ ...aList({ limit: 500 }), search: "" });
    const outcomes = await Promise.allSettled([list(), list(), list()]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status === "rejected" && (outcome.reason as VsError).code),
      Array(3).fill("catalog_damaged"),
    );
    await assert.rejects(list(), { code: "catalog_damaged" });
    assert.deepEqual(told, ["catalog_damaged"]);
  });

  it("tells the program when a thread ends by itself", async () => {
    const { log } = openLog({ program: "test", level: "silent" });
    const told: string[] = [];
    const thread = `import { parentPort } from "node:worker_threads";
      parentPort.postMessage({ kind: "ready", identity: { incarnation: "none", term: 1 } });
      parentPort.on("message", (message) => process.exit(message.kind === "calls" ? 9 : 0));`;
    await using catalog = await openSqliteCatalog({
      path: folder.path,
      clock: systemClock,
      log,
      threadUrl: new URL(`data:text/javascript,${encodeURIComponent(thread)}`),
      onFatal: (error) => told.push(error.message),
    });
    await assert.rejects(catalog.commands.recordLoads([]), { code: "internal" });
    await assert.rejects(catalog.commands.recordLoads([]), { code: "internal" });
    assert.deepEqual(told, ["a catalog thread ended with code 9"]);
  });
});

function creation(id: number): Call {
  return { id, name: "createAsset", given: [anAsset({ title: "x".repeat(500) })] };
}

function codeOf(answer: Answer): string {
  return answer.kind === "value" ? "done" : answer.failure.code;
}

async function overwrite(path: string): Promise<void> {
  await using file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(randomBytes(size - 8192), 0, size - 8192, 8192);
}
