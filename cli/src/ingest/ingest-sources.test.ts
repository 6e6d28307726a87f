// What `vsctl ingest` takes beside one file: standard input, URLs, several at once, and what lies beside a file.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { IngestSetting, assetIdOf, errorOf } from "../testing/ingest-setting.ts";
import { sampleAsset } from "../testing/sample-messages.ts";

const clip = randomBytes(300_000);
const srt = "1\n00:00:01,000 --> 00:00:02,000\nHello\n";
const vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n";

interface Printed {
  readonly asset?: { readonly id: string; readonly duplicate: boolean };
  readonly source?: string;
  readonly error?: { readonly code: string };
}

describe("vsctl ingest -", function () {
  this.timeout(60_000);

  it("sends what comes from standard input, under its own name, and leaves no file", async () => {
    await using setting = await IngestSetting.open(1);
    const env = { TMPDIR: setting.folder };
    const ran = await setting.ingest(["-"], { input: clip, env });
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.partialDeepStrictEqual(setting.created, [
      {
        ...{ title: "stdin", sourceName: "stdin", sourceBytes: clip.length, sourceUrl: "" },
        sourceSha256: createHash("sha256").update(clip).digest("hex"),
      },
    ]);
    assert.ok(setting.nodes[0]?.bytes.equals(clip));
    assert.deepEqual(readdirSync(setting.folder), ["vsctl.json"]);
  });

  it("takes a title for it, and refuses an empty one or a second", async () => {
    await using setting = await IngestSetting.open(1);
    assert.equal((await setting.ingest(["-", "--title", "T"], { input: clip })).exitCode, 0);
    assert.equal(setting.created[0]?.title, "T");
    const empty = await setting.ingest(["-"]);
    assert.deepEqual([errorOf(empty).code, empty.exitCode], ["source_empty", 7]);
    const twice = await setting.ingest(["-", "-"]);
    assert.deepEqual([errorOf(twice).code, twice.exitCode], ["usage", 2]);
  });
});

describe("vsctl ingest URL", function () {
  this.timeout(60_000);
  const url = "https://media.example/films/My%20film.mp4?signature=secret";

  it("has a node fetch it, and shows how that goes without what may be secret", async () => {
    await using setting = await IngestSetting.open(0, {
      createAsset: () => ({ asset: sampleAsset({ state: "uploading" }), duplicate: false, upload: undefined }),
      watchAsset: () => [
        { asset: sampleAsset({ state: "uploading", progress: 0.25, step: "fetching" }), resumeToken: "r1" },
        { asset: sampleAsset({ sourceUrl: url }), resumeToken: "r2" },
      ],
      getPlayback: () => ({ asset: sampleAsset({ sourceUrl: url }), playback: { watch: [], hls: [], dash: [] } }),
    });
    const ran = await setting.ingest([url]);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.partialDeepStrictEqual(setting.created, [
      { title: "", sourceName: "", sourceUrl: url, sourceBytes: 0, sourceSha256: "" },
    ]);
    assert.match(ran.stderr, /My film\.mp4: fetching 25 %/);
    assert.doesNotMatch(ran.stderr, /secret/);
  });

  it("gives the asset that has the same bytes, and ends well", async () => {
    const error = { code: "duplicate_source", message: "the same bytes are there", hint: "", retryable: false };
    const [fetched, original] = [assetIdOf(1), assetIdOf(2)];
    const failed = sampleAsset({ id: fetched, state: "failed", error, duplicateOf: original });
    await using setting = await IngestSetting.open(0, {
      createAsset: () => ({
        asset: sampleAsset({ id: fetched, state: "uploading" }),
        duplicate: false,
        upload: undefined,
      }),
      watchAsset: () => [{ asset: failed, resumeToken: "r" }],
      getAsset: ({ id }) => ({ asset: sampleAsset({ id }) }),
      getPlayback: ({ id }) => ({ asset: sampleAsset({ id }), playback: { watch: [], hls: [], dash: [] } }),
    });
    const ran = await setting.ingest(["s3://bucket/clip.mp4"]);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    const { asset } = JSON.parse(ran.stdout) as Printed;
    assert.deepEqual([asset?.id, asset?.duplicate], [original, true]);
  });

  it("says after Ctrl-C that the node goes on", async () => {
    const asset = sampleAsset({ state: "uploading", step: "fetching", sourceUrl: url });
    await using setting = await IngestSetting.open(0, {
      createAsset: () => ({ asset, duplicate: false, upload: undefined }),
      watchAsset: () => [{ asset, resumeToken: "r" }],
    });
    setting.plane.holdStreams = true;
    const ran = await setting.ingest([url], {
      onStderr: (text, interrupt) => {
        if (text.includes("fetching")) interrupt();
      },
    });
    assert.equal(ran.exitCode, 130, ran.stderr);
    assert.match(errorOf(ran).message, /a node fetches the source, and asset \S+ goes on by itself/);
  });

  it("says after Ctrl-C of another asset what that one waits for", async () => {
    const states = {
      uploading: /goes on when its own upload is complete/,
      processing: /the source is there, and asset \S+ goes on by itself/,
    };
    for (const [state, message] of Object.entries(states)) {
      const asset = sampleAsset({ state, step: "waiting", sourceUrl: "" });
      await using setting = await IngestSetting.open(0, {
        createAsset: () => ({ asset, duplicate: true, upload: undefined }),
        watchAsset: () => [{ asset, resumeToken: "r" }],
      });
      setting.plane.holdStreams = true;
      const ran = await setting.ingest([url], {
        onStderr: (text, interrupt) => {
          if (text.includes("waiting")) interrupt();
        },
      });
      assert.equal(ran.exitCode, 130, ran.stderr);
      assert.match(errorOf(ran).message, message);
    }
  });

  it("refuses what nodes cannot fetch from", async () => {
    await using setting = await IngestSetting.open(0);
    for (const source of ["ftp://host/clip.mp4", "file:///clip.mp4", "https://"]) {
      const ran = await setting.ingest([source]);
      assert.deepEqual([errorOf(ran).code, ran.exitCode], ["usage", 2], source);
    }
    assert.deepEqual(setting.created, []);
  });
});

describe("vsctl ingest of a file with subtitles", function () {
  this.timeout(60_000);

  it("sends those that are named and those beside it, and says so", async () => {
    await using setting = await IngestSetting.open(1);
    setting.write("movie.mp4", clip);
    setting.write("movie.srt", srt);
    setting.write("movie.en-gb.vtt", vtt);
    setting.write("movie.fr.srt", srt);
    setting.write("movie2.de.srt", srt);
    setting.write("french.srt", srt);
    setting.write("movie.nl.srt", "");
    setting.write("movie.it.srt", "no cue");
    const ran = await setting.ingest(["movie.mp4", "--subtitle", "fr=french.srt"]);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.deepEqual(
      setting.created[0]?.subtitles.map(({ name, language, content }) => [name, language, content.toString()]),
      [
        ["french.srt", "fr", srt],
        ["movie.en-gb.vtt", "en-GB", vtt],
        ["movie.srt", "", srt],
      ],
    );
    assert.match(ran.stderr, /movie\.mp4: takes the subtitles beside it: movie\.en-gb\.vtt \(en-GB\)/);
    assert.match(ran.stderr, /movie\.mp4: leaves out subtitles beside it: .*movie\.nl\.srt are empty/);
    assert.match(ran.stderr, /leaves out subtitles beside it: .*movie\.it\.srt is neither SubRip nor WebVTT/);
  });

  it("sends one that is named and lies beside it once", async () => {
    await using setting = await IngestSetting.open(1);
    setting.write("movie.mp4", clip);
    setting.write("movie.srt", srt);
    assert.equal((await setting.ingest(["movie.mp4", "--subtitle", "de=movie.srt"])).exitCode, 0);
    assert.deepEqual(
      setting.created[0]?.subtitles.map(({ name, language }) => [name, language]),
      [["movie.srt", "de"]],
    );
  });

  it("leaves those beside it alone with --no-beside", async () => {
    await using setting = await IngestSetting.open(1);
    setting.write("movie.mp4", clip);
    setting.write("movie.en.vtt", vtt);
    assert.equal((await setting.ingest(["movie.mp4", "--no-beside"])).exitCode, 0);
    assert.deepEqual(setting.created[0]?.subtitles, []);
  });

  it("refuses named ones that cannot be", async () => {
    await using setting = await IngestSetting.open(1);
    setting.write("movie.mp4", clip);
    setting.write("a.vtt", vtt);
    setting.write("empty.srt", "");
    setting.write("cueless.srt", "no cue");
    setting.write("large.srt", srt.padEnd(1024 * 1024 + 1));
    setting.write("full.srt", srt.padEnd(1024 * 1024));
    for (const text of [
      "a.vtt",
      "en=",
      "no language=a.vtt",
      "en=movie.mp4",
      "en=none.vtt",
      "en=empty.srt",
      "en=cueless.srt",
      "en=large.srt",
    ]) {
      const ran = await setting.ingest(["movie.mp4", "--subtitle", text]);
      assert.deepEqual([errorOf(ran).code, ran.exitCode], ["usage", 2], text);
    }
    const many = Array.from({ length: 17 }, () => ["--subtitle", "en=a.vtt"]).flat();
    assert.equal((await setting.ingest(["movie.mp4", ...many])).exitCode, 2);
    const full = ["de", "en", "fr", "nl"].flatMap((language) => ["--subtitle", `${language}=full.srt`]);
    assert.match(errorOf(await setting.ingest(["movie.mp4", ...full])).message, /3145728 bytes together/);
    assert.deepEqual(setting.created, []);
  });

  it("says how to add them to an asset that is there already", async () => {
    await using setting = await IngestSetting.open(0, {
      createAsset: () => ({ asset: sampleAsset(), duplicate: true, upload: undefined }),
      getPlayback: () => ({ asset: sampleAsset(), playback: { watch: [], hls: [], dash: [] } }),
    });
    setting.write("movie.mp4", clip);
    setting.write("movie.en.vtt", vtt);
    const ran = await setting.ingest(["movie.mp4"]);
    assert.match(ran.stderr, new RegExp(`vsctl assets update ${sampleAsset().id} --subtitle`));
  });
});

describe("vsctl ingest of a source that may be damaged, forced, or kept less long", function () {
  this.timeout(60_000);

  it("says so to the control plane", async () => {
    await using setting = await IngestSetting.open(2);
    setting.write("clip.mp4", clip);
    await setting.ingest(["clip.mp4", "--force", "--allow-damaged", "--keep-source", "never"]);
    await setting.ingest(["clip.mp4"]);
    assert.partialDeepStrictEqual(setting.created, [
      { force: true, allowDamaged: true, keepSource: "never" },
      { force: false, allowDamaged: false, keepSource: "" },
    ]);
    assert.equal((await setting.ingest(["clip.mp4", "--keep-source", "sometimes"])).exitCode, 2);
  });
});

describe("vsctl ingest of several sources", function () {
  this.timeout(60_000);
  const names = Array.from({ length: 6 }, (_, index) => `clip-${index}.mp4`);

  it("takes a few at a time, and sums up", async () => {
    await using setting = await IngestSetting.open(6);
    let [open, most] = [0, 0];
    for (const node of setting.nodes) {
      let begun = false;
      node.faults.onBytes = () => {
        if (!begun) most = Math.max(most, ++open);
        begun = true;
        if (node.bytes.length === clip.length) open -= 1;
      };
    }
    for (const name of names) setting.write(name, Buffer.concat([clip.subarray(1), Buffer.from(name.at(5) ?? "")]));
    const ran = await setting.ingest([...names, "missing.mp4"]);
    assert.equal(ran.exitCode, 1, ran.stdout + ran.stderr);
    assert.match(ran.stderr, /7 sources: 6 ready, 1 failed \(missing\.mp4\)\n$/);
    const printed = JSON.parse(ran.stdout) as Printed[];
    assert.deepEqual(
      printed.map((one) => one.error?.code ?? "ready"),
      [...names.map(() => "ready"), "source_not_found"],
    );
    assert.equal(printed.at(-1)?.source, "missing.mp4");
    assert.ok(most <= 3, `${most} were sent at once`);
    for (const node of setting.nodes) assert.equal(node.bytes.length, clip.length);
  });

  it("ends all of them after Ctrl-C", async () => {
    await using setting = await IngestSetting.open(6);
    for (const name of names) setting.write(name, clip);
    for (const node of setting.nodes) node.faults.holdAfterBytes = 1;
    const ran = await setting.ingest(names, {
      onStderr: (text, interrupt) => {
        if ((text.match(/uploading/g) ?? []).length === 3) interrupt();
      },
    });
    assert.equal(ran.exitCode, 130, ran.stderr);
    assert.match(errorOf(ran).message, /0 of 6 sources were done/);
    assert.match(errorOf(ran).hint, /same command again/);
    assert.equal(setting.created.length, 3, "none was begun after it");
  });

  it("takes a title, an external id or subtitles for one source only", async () => {
    await using setting = await IngestSetting.open(0);
    for (const flag of ["--title", "--external-id", "--subtitle"]) {
      const ran = await setting.ingest(["clip.mp4", "other.mp4", flag, "X"]);
      assert.deepEqual([errorOf(ran).code, ran.exitCode], ["usage", 2]);
      assert.match(errorOf(ran).message, new RegExp(`${flag} is for one source`));
    }
  });
});
