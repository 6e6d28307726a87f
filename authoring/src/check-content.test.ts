// Holds a stream that keeps every rule against them, and streams that were damaged for one rule each.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { checkContent } from "./check-content.ts";
import type { Finding } from "./findings.ts";
import { contentRuleCount, decodingRules, deliveryRules, rules } from "./rules.ts";
import type { RuleId } from "./rules.ts";
import { damages } from "./testing/damages.fixture.ts";
import { MemoryFiles } from "./testing/memory-files.fixture.ts";
import { makeSampleStream } from "./testing/sample-stream.fixture.ts";
import type { SampleFiles } from "./testing/sample-stream.fixture.ts";

const isMust = (id: RuleId): boolean => rules[id].level === "must";

describe("a check of a stream's content", function () {
  this.timeout(60_000);
  let sample: SampleFiles;
  before(async () => {
    sample = await makeSampleStream();
  });

  const check = async (files: SampleFiles): Promise<Finding[]> => {
    const memory = new MemoryFiles(files);
    const mpd = { url: memory.url("manifest.mpd"), text: files.get("manifest.mpd")?.toString() ?? "" };
    const read = { filesAtOnce: 1, onRead: () => undefined };
    return await checkContent({ files: memory, url: memory.url("index.m3u8"), mpd, ...read });
  };

  it("finds nothing in a stream that keeps every rule", async () => {
    assert.deepEqual(await check(sample), []);
  });

  for (const { rule, what, damage, also = [] } of damages) {
    it(`names ${rule} for ${what}`, async () => {
      const files = new Map(sample);
      damage(files);
      const findings = await check(files);
      const broken = new Set(findings.map((found) => found.rule));
      assert.ok(broken.has(rule), `found ${JSON.stringify(findings)}`);
      const musts = [...broken].filter(isMust).toSorted();
      assert.deepEqual(musts, [rule, ...also].filter(isMust).toSorted(), JSON.stringify(findings));
      for (const found of findings) assert.ok(found.where.startsWith("http") && found.message !== "");
    });
  }

  it("takes no text, however much there is of it, for a part of what a variant's BANDWIDTH says", async () => {
    const files = new Map(sample);
    const texts = [...files].filter(([name]) => name.endsWith(".vtt"));
    assert.ok(texts.length > 0);
    for (const [name, bytes] of texts) files.set(name, Buffer.concat([bytes, Buffer.from("x".repeat(60_000))]));
    assert.deepEqual(await check(files), []);
  });

  const missing = [
    ["the multivariant playlist", /^index\.m3u8$/],
    ["a playlist of video", /^video\/[^/]+\.m3u8$/],
    ["an init segment", /^[^/]+-init\.mp4$/],
    ["a segment", /-1\.m4s$/],
    ["a file of text", /\.vtt$/],
  ] as const;
  for (const [what, path] of missing) {
    it(`names Readable where there is not ${what}`, async () => {
      const files = new Map(sample);
      const [name] = [...files.keys()].filter((one) => path.test(one));
      assert.ok(name !== undefined && files.delete(name), [...sample.keys()].join(" "));
      const unread = (await check(files)).filter(({ rule }) => rule === "Readable");
      assert.ok(unread.length > 0 && unread.every(({ where }) => where.endsWith(name)), JSON.stringify(unread));
    });
  }

  it("has a damaged stream for every rule but those on delivery and decoding", () => {
    const tried = new Set(damages.map(({ rule }) => rule));
    const ids = Object.keys(rules) as RuleId[];
    assert.deepEqual(
      ids.filter((rule) => !tried.has(rule)),
      ids.filter((rule) => deliveryRules.has(rule) || decodingRules.has(rule)),
    );
    assert.equal(contentRuleCount, tried.size);
  });
});

describe("the rules", () => {
  it("are the ones that docs/authoring-rules.md lists", async () => {
    const text = await readFile(new URL("../../docs/authoring-rules.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| *`([^`]+)` *\| *(must|should) *\| *(.+?) *\|$/gm)];
    const documented = rows.map(([, id = "", level, sentence]) => [id, { level, sentence }]);
    assert.deepEqual(Object.fromEntries(documented), { ...rules });
  });

  it("on delivery are the ones that docs/authoring-rules.md names as such", async () => {
    const text = await readFile(new URL("../../docs/authoring-rules.md", import.meta.url), "utf8");
    const [, named = ""] = /^Rules on delivery: ([^]*?)\.$/m.exec(text) ?? [];
    const documented = [...named.matchAll(/`([^`]+)`/g)].map(([, id]) => id);
    assert.deepEqual(documented, [...deliveryRules]);
  });
});
