// Subtitles in files beside a source: tracks of the stream, with their cues at their times from the first picture on,
// given at the ingest or once the asset is ready.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withCaptionsInH264 } from "../../node-agent/src/media/captions.fixture.ts";
import { clip, Cluster, eventually, runProgram } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { onePathway, segmentsOf } from "../cluster/stream.ts";

const german =
  "1\r\n00:00:01,500 --> 00:00:03,000\r\n<i>Gr\u00fc\u00dfe</i> aus K\u00f6ln\r\n\r\n2\r\n00:00:07,000 --> 00:00:07,750\r\nund zur\u00fcck\r\n";
const english = "WEBVTT\n\nNOTE nobody reads this\n\nfirst\n00:02.000 --> 00:07.500 line:0\nacross segments\n";
const french = "1\n00:00:04,000 --> 00:00:05,000\nplus tard\n";

describe("subtitles in files beside a source", () => {
  let cluster: Cluster;
  let folder: string;
  let film: string;
  let ingested: IngestJson;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-words-"));
    cluster = await Cluster.start({ nodes: 2, regions: "eu,us" });
    const given = ["--subtitle", `de=${await written("german.srt", Buffer.from(german, "latin1"))}`];
    const more = ["--subtitle", `en-GB=${await written("english.vtt", Buffer.from(english))}`];
    film = join(folder, "film.mp4");
    // Two segments; its clock begins at 100 s.
    await makeFilm(["-i", clip, "-t", "8", "-c", "copy", "-output_ts_offset", "100", film]);
    ingested = await cluster.json<IngestJson>("ingest", film, ...given, ...more);
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function written(name: string, content: Buffer): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  }

  it("are tracks of their languages at every home, each cue at its time", async () => {
    assert.equal(ingested.asset.state, "ready");
    for (const url of ingested.playback.hls) {
      const tracks = await textTracks(url);
      assert.deepEqual([...tracks.keys()], ["de", "en-GB"]);
      assert.deepEqual(await cuesOf(tracks.get("de")), [
        "00:00:01.500 --> 00:00:03.000 <i>Grüße</i> aus Köln",
        "00:00:07.000 --> 00:00:07.750 und zurück",
      ]);
      assert.deepEqual(await cuesOf(tracks.get("en-GB")), ["00:00:02.000 --> 00:00:07.500 across segments"]);
    }
  });

  it("are refused by name when they are none, before anything is uploaded", async () => {
    const path = await written("letter.srt", Buffer.from("Dear film,\n"));
    const refused = await cluster.vsctl("ingest", film, "--force", "--subtitle", `en=${path}`, "--json");
    assert.equal(refused.code, 2);
    assert.match(refused.stdout + refused.stderr, /letter\.srt:? is neither SubRip nor WebVTT/);
  });

  it("become further tracks of an asset that is ready, for players that come then", async () => {
    const { id } = ingested.asset;
    const path = await written("late.srt", Buffer.from(french));
    assert.equal((await cluster.vsctl("assets", "update", id, "--subtitle", `fr=${path}`)).code, 0);
    for (const url of ingested.playback.hls) {
      const uri = await eventually("the new track", async () => (await textTracks(url)).get("fr"));
      assert.deepEqual(await cuesOf(uri), ["00:00:04.000 --> 00:00:05.000 plus tard"]);
      assert.deepEqual([...(await textTracks(url)).keys()], ["de", "en-GB", "fr"]);
    }
  });

  it("stand behind the captions in the pictures, and the sound that the source begins with is what plays", async () => {
    const [plain, marked, source] = ["plain.h264", "marked.h264", "both.mkv"].map((name) => join(folder, name));
    assert.ok(plain !== undefined && marked !== undefined && source !== undefined);
    await makeFilm(["-i", clip, "-t", "8", "-an", "-vf", "scale=192:108,setsar=1", "-bf", "0", plain]);
    await writeFile(marked, withCaptionsInH264(await readFile(plain), [{ startFrame: 48, endFrame: 96, text: "Hi" }]));
    const sounds = ["-map", "0:v", "-map", "1:a", "-map", "1:a", "-t", "8", "-c", "copy"];
    const flags = ["-metadata:s:a:1", "language=ger", "-disposition:a:0", "0", "-disposition:a:1", "default"];
    await makeFilm(["-r", "24", "-i", marked, "-i", clip, ...sounds, ...flags, source]);
    const words = await written("words.srt", Buffer.from(french));
    const both = await cluster.json<IngestJson>("ingest", source, "--subtitle", `fr=${words}`);
    const url = both.playback.hls[0] ?? "";
    const tracks = await textTracks(url);
    assert.deepEqual([...tracks.keys()], ["qaa", "fr"]);
    assert.deepEqual(await cuesOf(tracks.get("qaa")), ["00:00:02.000 --> 00:00:04.000 Hi"]);
    const sound = (await (await fetch(onePathway(url))).text()).split("\n").filter((line) => /TYPE=AUDIO/.test(line));
    assert.deepEqual(
      sound.map((line) => /DEFAULT=(?:YES|NO)/.exec(line)?.[0]),
      // In stereo, then in 5.1.
      ["DEFAULT=NO", "DEFAULT=YES", "DEFAULT=NO", "DEFAULT=NO"],
    );
  });
});

async function makeFilm(args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
  assert.equal(code, 0, stderr);
}

/** URLs of playlists of text by their language, in the order in which they are listed. */
async function textTracks(multivariantUrl: string): Promise<Map<string, string>> {
  const url = onePathway(multivariantUrl);
  const lines = (await (await fetch(url)).text()).split("\n").filter((line) => line.includes("TYPE=SUBTITLES"));
  const attribute = (line: string, name: string): string => new RegExp(`[:,]${name}="([^"]*)"`).exec(line)?.[1] ?? "";
  return new Map(lines.map((line) => [attribute(line, "LANGUAGE"), new URL(attribute(line, "URI"), url).href]));
}

/** Every cue of a track once, on one line each. */
async function cuesOf(playlistUrl: string | undefined): Promise<string[]> {
  const files = await segmentsOf(playlistUrl ?? "");
  assert.equal(files.length, 2);
  const texts = await Promise.all(files.map(async (file) => await (await fetch(file)).text()));
  const blocks = texts.flatMap((text) => text.split("\n\n").slice(1));
  return [...new Set(blocks.map((block) => block.trim().replaceAll("\n", " ")))];
}
