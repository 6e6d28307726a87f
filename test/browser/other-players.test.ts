// Players that others wrote play five different kinds of source, by HLS and by DASH, with their sound and text to choose
// from; and players of Debian's packages decode them without a word.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { Cluster, clip, eventually, repository, runProgram } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { onePathway } from "../cluster/stream.ts";
import { launchChromium } from "./chromium.ts";
import { countColours, openEngine, playOn } from "./engines.ts";
import type { EngineName } from "./engines.ts";

const media = (name: string): string => join(repository, "test/media", name);
const spoken = "film with two languages and subtitles";
const kinds: readonly { readonly name: string; readonly path: string | null; readonly colours: number }[] = [
  { name: spoken, path: null, colours: 200 },
  { name: "recording that begins at another time", path: media("firstpts-10s.mp4"), colours: 100 },
  { name: "turned and mirrored film of a phone", path: media("rotate-and-reflect.mp4"), colours: 100 },
  { name: "old AVI", path: media("mpeg4-mp3.avi"), colours: 100 },
  // Two colours and what lies between them.
  { name: "sound alone", path: media("audio-only.flac"), colours: 5 },
];
const plays: readonly (readonly [EngineName, "hls" | "dash"])[] = [
  ["hls.js", "hls"],
  ["shaka-player", "hls"],
  ["shaka-player", "dash"],
  ["dash.js", "dash"],
];

describe("players of others", function () {
  this.timeout(120_000);
  let folder: string;
  let cluster: Cluster;
  let browser: Browser;
  const urls = new Map<string, { readonly hls: string; readonly dash: string }>();
  const urlsOf = (name: string): { readonly hls: string; readonly dash: string } => urls.get(name)!;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-players-"));
    cluster = await Cluster.start({ nodes: 2, regions: "eu,us" });
    const spokenPath = await makeSpoken(folder);
    for (const { name, path } of kinds) {
      const { playback } = await cluster.json<IngestJson>("ingest", path ?? spokenPath, "--title", name);
      urls.set(name, { hls: playback.hls[0] ?? "", dash: playback.dash[0] ?? "" });
    }
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  for (const [engine, form] of plays) {
    for (const { name, colours } of kinds) {
      it(`${engine} plays a ${name} by ${form.toUpperCase()}`, async () => {
        const page = await openEngine(browser, engine);
        await playOn(page, urlsOf(name)[form]);
        const seen = await countColours(page);
        assert.ok(seen >= colours, `${String(seen)} colours`);
        if (name === spoken) await chooseTracks(page);
        assert.deepEqual(await errorsOf(page), []);
        await page.close();
      });
    }
  }

  for (const { name } of kinds) {
    it(`ffmpeg and mpv decode a ${name} without a word`, async () => {
      const { hls, dash } = urlsOf(name);
      const strict = ["-nostdin", "-v", "warning", "-xerror", "-i", onePathway(hls), "-map", "0", "-f", "null", "-"];
      const ffmpeg = await runProgram("ffmpeg", strict);
      assert.deepEqual([ffmpeg.code, withoutKnown(ffmpeg.stderr)], [0, ""]);
      for (const url of [onePathway(hls), dash]) {
        const mpv = await runProgram("mpv", [...mpvOptions, url]);
        assert.deepEqual([mpv.code, withoutKnown(mpv.stdout + mpv.stderr)], [0, ""], url);
      }
    });
  }
});

/**
 * What a player called an error, but for playback that waited and went on: on a busy machine a decoder does. A hole, a
 * nudge over one, and waiting without end have names of their own.
 */
async function errorsOf(page: Page): Promise<string[]> {
  const errors = await page.evaluate(() => window.engine.errors);
  return errors.filter((error) => !/^bufferStalledError (?!\(fatal\))/.test(error));
}

const mpvOptions = [
  ...["--no-config", "--vo=null", "--ao=null", "--untimed", "--ytdl=no", "--msg-level=all=warn", "--quiet"],
  ...["--no-input-terminal", "--end=8"],
];

/** ffmpeg's HLS reader knows of no text, and says so. */
function withoutKnown(said: string): string {
  const lines = said.split("\n").filter((line) => !/Can't support the subtitle\(uri: text\/\d+\.m3u8\)/.test(line));
  return lines.join("\n").trim();
}

async function chooseTracks(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({ audio: window.engine.audio(), text: window.engine.text() }));
  assert.deepEqual(
    [[...new Set(found.audio)].sort(), [...new Set(found.text)].sort()],
    [
      ["de", "en"],
      ["de", "en"],
    ],
  );
  await page.evaluate(() => {
    window.engine.chooseAudio("de");
  });
  await eventually("the other language", async () =>
    (await page.evaluate(() => window.engine.chosenAudio())) === "de" ? true : undefined,
  );
  await page.evaluate(() => {
    window.engine.chooseText("de");
  });
  await eventually("German cues", async () =>
    (await page.evaluate(() => window.engine.cues())).some((cue) => cue.includes("Guten Tag")) ? true : undefined,
  );
}

/** The clip with its sound twice, and two tracks of text. */
async function makeSpoken(folder: string): Promise<string> {
  const [english, german] = [join(folder, "en.srt"), join(folder, "de.srt")];
  await writeFile(english, cuesOf("Good day"));
  await writeFile(german, cuesOf("Guten Tag"));
  const path = join(folder, "spoken.mkv");
  const made = await runProgram("ffmpeg", [
    ...["-v", "error", "-i", clip, "-i", english, "-i", german],
    ...["-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "1", "-map", "2", "-c", "copy", "-c:s", "srt"],
    ...["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"],
    ...["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger", path],
  ]);
  assert.equal(made.code, 0, made.stderr);
  return path;
}

/** A line for each second. */
function cuesOf(line: string): string {
  const cues = Array.from({ length: 29 }, (_, second) => {
    const at = `00:00:${String(second).padStart(2, "0")}`;
    return `${String(second + 1)}\n${at},100 --> ${at},900\n${line}\n`;
  });
  return cues.join("\n");
}
