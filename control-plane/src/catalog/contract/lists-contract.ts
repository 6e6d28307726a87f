// Contract: lists in pages, filters, events, counts.
import assert from "node:assert/strict";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { Page } from "../catalog.ts";
import { aList, aTask, aToken, now } from "./builders.ts";
import { addAsset, addNode, addTask, readyAsset, setHealth, settle } from "./steps.ts";
import { sharedCatalog } from "./under-test.ts";
import type { OpenCatalog } from "./under-test.ts";

export function describeLists(open: OpenCatalog): void {
  describe("lists", () => {
    const catalog = sharedCatalog(open);
    const titles = ["delta", "Alpha", "100%_sure", "bravo", "alpha"];

    before(async () => {
      const home = await addNode(catalog(), { name: "one", region: "eu", zone: "b", labels: { disk: "fast" } });
      await addNode(catalog(), { name: "two", region: "us", zone: "a" });
      for (const [index, title] of titles.entries()) {
        const labels = { show: index < 2 ? "news" : "film", lang: index % 2 === 0 ? "en" : "de" };
        const homes = index === 0 ? [home.id] : [];
        const asset = await addAsset(catalog(), { title, labels, homes, priority: index % 2, at: now + index });
        for (const chunk of [0, 1]) await addTask(catalog(), aTask(asset.id, { pieceId: videoPieceId(chunk) }));
      }
    });

    async function titlesOf(query: Parameters<typeof aList>[0], search = ""): Promise<string[]> {
      const page = await catalog().queries.listAssets({ ...aList(query), search });
      return page.items.map((item) => item.asset.title);
    }

    it("gives the newest first, or in any order of the documented fields", async () => {
      assert.deepEqual(await titlesOf({}), titles.toReversed());
      assert.deepEqual(await titlesOf({ sort: "createdAt" }), titles);
      assert.deepEqual(await titlesOf({ sort: "title" }), ["100%_sure", "Alpha", "alpha", "bravo", "delta"]);
      assert.deepEqual((await titlesOf({ sort: "-priority" })).slice(0, 2).sort(), ["Alpha", "bravo"]);
    });

    it("gives every item exactly once, page by page, whatever the order", async () => {
      for (const sort of [null, "title", "-title", "priority", "-priority", "state"]) {
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page: Page<{ asset: { title: string } }> = await catalog().queries.listAssets({
            ...aList({ limit: 2, sort, cursor, labels: { lang: "en" } }),
            search: "",
          });
          seen.push(...page.items.map((item) => item.asset.title));
          cursor = page.nextCursor;
        } while (cursor !== null);
        assert.deepEqual(seen.toSorted(), ["100%_sure", "alpha", "delta"], `by ${sort ?? "default"}`);
      }
    });

    it("filters by state, home and every label given", async () => {
      const home = await catalog().queries.getNode("one");
      assert.deepEqual(await titlesOf({ nodeId: home!.id }), ["delta"]);
      assert.deepEqual(await titlesOf({ labels: { show: "film", lang: "de" } }), ["bravo"]);
      assert.deepEqual(await titlesOf({ labels: { show: "FILM" } }), []);
      assert.deepEqual(await titlesOf({ states: ["ready", "failed"] }), []);
      assert.equal((await titlesOf({ states: ["ready", "uploading"] })).length, 5);
    });

    it("searches for text as it stands, whatever its case", async () => {
      assert.deepEqual(await titlesOf({ sort: "createdAt" }, "ALPH"), ["Alpha", "alpha"]);
      assert.deepEqual(await titlesOf({}, "%_S"), ["100%_sure"]);
      assert.deepEqual(await titlesOf({}, "_"), ["100%_sure"], "no wildcard");
      assert.equal((await titlesOf({}, "clip.mp4")).length, 5);
    });

    it("finds words in any order, in labels too", async () => {
      assert.deepEqual(await titlesOf({ sort: "createdAt" }, " mp4  ALPHA "), ["Alpha", "alpha"]);
      assert.deepEqual(await titlesOf({}, "news delta"), ["delta"]);
      assert.deepEqual(await titlesOf({}, "show=news bravo"), []);
    });

    it("says what is wrong with a query", async () => {
      const { queries } = catalog();
      const first = await queries.listAssets({ ...aList({ limit: 1 }), search: "" });
      const wrong = [
        { limit: 0 },
        { limit: 501 },
        { sort: "colour" },
        { sort: "-constructor" },
        { states: ["leased"] },
        { cursor: "garbage" },
        { cursor: Buffer.from('{"sort":"-createdAt","value":{},"id":"x"}').toString("base64url") },
        { cursor: first.nextCursor, sort: "title" },
      ];
      for (const query of wrong) await assert.rejects(titlesOf(query), { code: "invalid_argument" });
      await assert.rejects(titlesOf({ sort: "colour" }), /colour/);
      await assert.rejects(queries.listNodes(aList({ sort: "title" })), (error: { hint: string }) =>
        error.hint.includes("lastSeenAt"),
      );
    });

    it("lists nodes by name, filtered by health and scheduling together", async () => {
      const namesOf = async (query: Parameters<typeof aList>[0]) =>
        (await catalog().queries.listNodes(aList(query))).items.map((node) => node.name);
      assert.deepEqual(await namesOf({}), ["one", "two"]);
      assert.deepEqual(await namesOf({ sort: "-region" }), ["two", "one"]);
      assert.deepEqual(await namesOf({ sort: "zone" }), ["two", "one"]);
      assert.deepEqual(await namesOf({ labels: { disk: "fast" } }), ["one"]);
      assert.deepEqual(await namesOf({ states: ["up", "active"] }), ["one", "two"]);
      assert.deepEqual(await namesOf({ states: ["up", "drained"] }), []);
    });

    it("lists tasks by asset, state, node and their asset's labels", async () => {
      const { queries } = catalog();
      const all = await queries.listTasks({ ...aList(), assetId: null });
      assert.equal(all.items.length, 10);
      const assetId = all.items[0]!.assetId;
      assert.equal((await queries.listTasks({ ...aList(), assetId })).items.length, 2);
      assert.equal((await queries.listTasks({ ...aList({ states: ["leased"] }), assetId: null })).items.length, 0);
      assert.equal(
        (await queries.listTasks({ ...aList({ labels: { show: "news" } }), assetId: null })).items.length,
        4,
      );
      const paged = await queries.listTasks({ ...aList({ limit: 4, sort: "kind" }), assetId: null });
      const rest = aList({ limit: 10, sort: "kind", cursor: paged.nextCursor });
      assert.equal((await queries.listTasks({ ...rest, assetId: null })).items.length, 6);
    });

    it("lists tokens by whether they are used", async () => {
      const { commands, queries } = catalog();
      const fresh = await commands.createToken(aToken({ name: "fresh" }), "user:test");
      const gone = await commands.createToken(aToken({ name: "gone" }), "user:test");
      await commands.revokeToken({ tokenId: gone.id, at: now, actor: "user:test" });
      assert.deepEqual((await queries.listTokens(aList({ states: ["unused"] }))).items, [fresh]);
      assert.deepEqual(
        (await queries.listTokens(aList({ states: ["used"] }))).items.every((token) => token.usedAt !== null),
        true,
      );
      assert.deepEqual(
        (await queries.listTokens(aList({ states: ["revoked"] }))).items.map((token) => token.name),
        ["gone"],
      );
    });

    it("takes an event from outside, with its texts cut", async () => {
      const told = { at: now, kind: "region.held", subject: "eu", actor: "vstream", message: "x".repeat(5_000) };
      await catalog().commands.recordEvent({ ...told, subject: "s".repeat(5_000) });
      await catalog().commands.recordEvent(told);
      const [cut, whole] = await catalog().queries.listEvents({ limit: 2, afterId: null, since: null, newest: true });
      assert.deepEqual({ ...whole, id: 0, message: "" }, { ...told, id: 0, message: "" });
      assert.deepEqual([cut?.subject.length, cut?.message.length], [200, 2_000]);
    });

    it("gives events oldest first, from an id or a moment on", async () => {
      const all = await catalog().queries.listEvents({ limit: 1000, afterId: null, since: null });
      assert.deepEqual(
        all.map((event) => event.id),
        all.map((event) => event.id).toSorted((one, other) => one - other),
      );
      const [second] = await catalog().queries.listEvents({ limit: 1, afterId: all[0]!.id, since: null });
      assert.deepEqual(second, all[1]);
      const newest = await catalog().queries.listEvents({ limit: 2, afterId: null, since: null, newest: true });
      assert.deepEqual(newest, all.slice(-2));
      const late = await catalog().queries.listEvents({ limit: 1000, afterId: null, since: now + 4 });
      assert.deepEqual([...new Set(late.map((event) => event.at >= now + 4))], [true]);
    });
  });

  describe("counts", () => {
    const catalog = sharedCatalog(open);

    it("counts nodes, assets and tasks, and the assets that lack copies", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const whole = await readyAsset(catalog(), [home.id, other.id]);
      const lacking = await readyAsset(catalog(), [home.id]);
      for (const asset of [whole, lacking]) await settle(catalog(), asset.id);
      await addAsset(catalog());
      const counts = await catalog().queries.counts();
      assert.deepEqual(counts.nodesByHealth, { up: 2 });
      assert.deepEqual(counts.assetsByState, { ready: 2, uploading: 1 });
      assert.deepEqual(Object.keys(counts.tasksByState), ["succeeded"]);
      assert.equal(counts.capacityBytes, 2_000_000);
      assert.equal(counts.degradedAssets, 1);
      await setHealth(catalog(), other.id, "down");
      assert.equal((await catalog().queries.counts()).degradedAssets, 2);
    });
  });
}
