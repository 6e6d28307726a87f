// Holds a stream that keeps every rule against them, and streams that are delivered wrongly, for one rule each.
import assert from "node:assert/strict";
import { deliveryRules, rules } from "@vstream/authoring/rules.ts";
import type { RuleId } from "@vstream/authoring/rules.ts";
import { damages } from "@vstream/authoring/testing/damages.fixture.ts";
import { makeSampleStream } from "@vstream/authoring/testing/sample-stream.fixture.ts";
import type { SampleFiles } from "@vstream/authoring/testing/sample-stream.fixture.ts";
import { checkAsset } from "./check-asset.ts";
import type { CheckOptions, CheckResult } from "./check-asset.ts";
import { damagedDelivery } from "./damaged-delivery.fixture.ts";
import { SampleServer, served } from "./sample-server.fixture.ts";
import type { ServedStream } from "./sample-server.fixture.ts";
import { testCertificatePem } from "../testing/test-certificate.ts";

describe("a check of an asset", function () {
  this.timeout(60_000);
  let files: SampleFiles;
  before(async () => {
    files = await makeSampleStream();
  });

  const check = async (stream: ServedStream, changes: Partial<CheckOptions> = {}): Promise<CheckResult> => {
    await using server = await SampleServer.start(stream);
    return await checkAsset({
      urls: [server.url("index.m3u8")],
      mpdUrls: [server.url("manifest.mpd")],
      origins: new Set([server.origin]),
      oneNode: false,
      quick: false,
      decode: false,
      signal: AbortSignal.timeout(30_000),
      authorities: testCertificatePem,
      ...changes,
    });
  };

  it("finds nothing in a stream that keeps every rule", async () => {
    const { ok, findings, checked } = await check(served(files));
    assert.deepEqual(findings, []);
    assert.ok(ok);
    assert.deepEqual([checked.playlists, checked.segments], [15, 20]);
    assert.ok(checked.bytes > 100_000);
  });

  for (const { rule, what, damage, also = [] } of damagedDelivery) {
    it(`names ${rule} for ${what}`, async () => {
      const stream = served(files);
      damage(stream);
      const { ok, findings, counts } = await check(stream);
      assert.ok(rule in counts, `found ${JSON.stringify(findings)}`);
      const isMust = (id: RuleId): boolean => rules[id].level === "must";
      const broken = (Object.keys(counts) as RuleId[]).filter(isMust);
      assert.deepEqual(broken.toSorted(), [rule, ...also].filter(isMust).toSorted(), JSON.stringify(findings));
      assert.equal(ok, broken.length === 0);
      for (const found of findings) assert.ok(found.where.startsWith("http") && found.message !== "");
    });
  }

  it("has a damaged stream for every rule on delivery", () => {
    const tried = new Set<string>(damagedDelivery.map(({ rule }) => rule));
    assert.deepEqual(
      [...deliveryRules].filter((rule) => !tried.has(rule)),
      [],
    );
  });

  it("names what is wrong with the content of a stream too", async () => {
    for (const { rule, damage } of damages.filter(({ what }) =>
      /^(a wrong average|a gap between|an MPD that l)/.test(what),
    )) {
      const stream = served(files);
      damage(stream.files);
      const { ok, counts } = await check(stream);
      assert.deepEqual([ok, rule in counts], [false, true], rule);
    }
  });

  it("reads no media when it is to be quick", async () => {
    const stream = served(files);
    await using server = await SampleServer.start(stream);
    const urls = [server.url("index.m3u8")];
    const options = {
      urls,
      mpdUrls: [],
      origins: new Set([server.origin]),
      oneNode: false,
      quick: true,
      decode: false,
    };
    const result = await checkAsset({ ...options, signal: AbortSignal.timeout(30_000) });
    assert.deepEqual([result.findings, result.checked.segments], [[], 0]);
    assert.ok(!server.asked.some((path) => /m4s|vtt/.test(path)));
  });

  it("decodes every rendition of one node when it is to", async () => {
    const decoded: [number, number][] = [];
    const onDecoded = (done: number, all: number): void => void decoded.push([done, all]);
    const { findings } = await check(served(files), { decode: true, onDecoded });
    assert.deepEqual(findings, []);
    assert.deepEqual(decoded.at(-1), [8, 8]);
  });

  it("names a rendition that does not decode, though its boxes are right", async () => {
    const stream = served(files);
    const bytes = Buffer.from(stream.files.get("v180-1.m4s") ?? assert.fail());
    const from = bytes.indexOf("mdat") + 3_000;
    bytes.fill(0x5a, from, from + 4_000);
    stream.files.set("v180-1.m4s", bytes);
    assert.deepEqual((await check(stream)).findings, []);
    const { ok, findings } = await check(stream, { decode: true });
    assert.equal(ok, false);
    assert.deepEqual(new Set(findings.map(({ rule }) => rule)), new Set(["Decodable"]));
    assert.match(findings[0]?.where ?? "", /video\/v180\.m3u8$/);
    assert.match(findings[0]?.message ?? "", /^ffmpeg says: /);
  });

  it("says that there is no ffmpeg to decode with", async () => {
    const decoding = check(served(files), { decode: true, ffmpeg: "/nowhere/ffmpeg" });
    await assert.rejects(decoding, { code: "ffmpeg_missing", message: /no ffmpeg on this machine/ });
  });

  it("asks no host that is not of the cluster", async () => {
    const stream = served(files);
    await using foreign = await SampleServer.start(served(files));
    const index = stream.files.get("index.m3u8")?.toString() ?? "";
    stream.files.set("index.m3u8", Buffer.from(index.replaceAll("two/", foreign.url("two/"))));
    const { counts } = await check(stream);
    assert.ok((counts.Readable ?? 0) > 0);
    assert.deepEqual(foreign.asked, []);
  });

  it("leaves the other nodes of an asset alone when it is about one", async () => {
    await using other = await SampleServer.start(served(files));
    const stream = served(files);
    const index = stream.files.get("index.m3u8")?.toString() ?? "";
    stream.files.set("index.m3u8", Buffer.from(index.replaceAll("two/", other.url("two/"))));
    const { findings } = await check(stream, { oneNode: true });
    assert.deepEqual([findings, other.asked], [[], []]);
  });

  it("takes an index that is not there for a broken rule, and ends", async () => {
    const stream = served(files);
    stream.files.delete("index.m3u8");
    const { ok, counts } = await check(stream);
    assert.deepEqual([ok, counts.Readable], [false, 1]);
  });

  it("does not read without end", async () => {
    const stream = served(files);
    stream.answer = (path, response) => {
      if (path !== "en-init.mp4") return false;
      response.writeHead(200, { "content-type": "video/mp4" });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
      return true;
    };
    const { findings } = await check(stream);
    assert.match(findings.find(({ rule }) => rule === "Readable")?.message ?? "", /larger than 1048576 bytes/);
  });

  it("does not take a connection that was kept and closed for a file that is not there", async () => {
    const stream = served(files);
    const dropped = new Set<string>();
    stream.answer = (path, { socket }) => {
      if (dropped.has(path)) return false;
      dropped.add(path);
      socket?.destroy();
      return true;
    };
    assert.deepEqual((await check(stream)).findings, []);
  });

  it("misses no I-frames while an asset grows", async () => {
    const stream = served(files);
    for (const [path, bytes] of files) {
      const text = bytes.toString().replace("TYPE:VOD", "TYPE:EVENT").replace("#EXT-X-ENDLIST\n", "");
      if (path.endsWith("m3u8")) stream.files.set(path, Buffer.from(text.replaceAll(/#EXT-X-I-FRAME-[^\n]*\n/g, "")));
    }
    assert.deepEqual((await check(stream)).findings, []);
  });

  it("ends with the reason that it is given", async () => {
    await assert.rejects(check(served(files), { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
  });
});
