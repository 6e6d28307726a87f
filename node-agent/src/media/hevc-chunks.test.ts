import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Rung } from "@vstream/core/media.ts";
import { boxesIn } from "./fmp4-boxes.ts";
import type { ProbedSource } from "./probe.ts";
import { transcodeChunk } from "./transcode-chunk.ts";
import type { EncodedChunk } from "./transcode-chunk.ts";
import {
  joinSegments,
  makeSource,
  openFolder,
  patienceMs,
  probeFile,
  probeLines,
  sse2Script,
  tinyRung,
  tools,
} from "./trial-media.fixture.ts";

const run = promisify(execFile);

const hevc: Rung = {
  ...{ ...tinyRung, name: "tiny-hevc", codec: "hevc", preset: "fast", profile: "main" },
  ...{ crf: 14, maxrateBps: 1_000_000, bufferBits: 2_000_000 },
};
const highRange: Rung = { ...hevc, name: "tiny-hdr", profile: "main10", videoRange: "PQ" };
const rungs = [tinyRung, hevc, highRange];

const screen = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)";
const hdr10 = [
  ...["-vf", "scale=128:72:out_color_matrix=bt2020,format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast"],
  "-x265-params",
  `log-level=error:crf=12:keyint=40:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:master-display=${screen}:max-cll=1000,400`,
];

type Folder = Awaited<ReturnType<typeof openFolder>>;

interface Trial {
  readonly folder: Folder;
  readonly sourcePath: string;
  readonly source: ProbedSource;
  readonly rungs: readonly Rung[];
}

/** 8 s: two segments. */
async function openTrial(coding: readonly string[] = hdr10): Promise<Trial & AsyncDisposable> {
  const folder = await openFolder();
  const sourcePath = folder.path("source.mp4");
  await makeSource(["-f", "lavfi", "-i", "testsrc2=s=128x72:r=24:d=8", ...coding, sourcePath]);
  const source = await probeFile(sourcePath);
  return { folder, sourcePath, source, rungs, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function encode(trial: Trial, segment: number, ffmpegPath = "ffmpeg"): Promise<EncodedChunk> {
  const scratchFolder = trial.folder.path(`chunk-${segment}-${Math.random()}`);
  await mkdir(scratchFolder);
  return await transcodeChunk({
    ...{ sourcePath: trial.sourcePath, timeline: trial.source.timeline, scratchFolder, rungs: trial.rungs },
    preRollKeyframes: 1,
    ...{ tools: { ...tools, ffmpegPath }, signal: AbortSignal.timeout(patienceMs) },
    chunk: { index: segment, firstSegment: segment, segmentCount: 1 },
  });
}

async function bytesOf(chunk: EncodedChunk): Promise<Buffer[]> {
  const files = chunk.renditions.flatMap(({ initPath, segments }) => [initPath, ...segments.map(({ path }) => path)]);
  return await Promise.all(files.map((file) => readFile(file)));
}

/** The file that a player would have of one rung. */
async function join({ folder }: Trial, chunks: readonly EncodedChunk[], rung: number): Promise<string> {
  const renditions = chunks.map((chunk) => chunk.renditions[rung]!);
  const path = folder.path(`joined-${rung}.mp4`);
  const segments = renditions.flatMap((rendition) => rendition.segments.map((segment) => segment.path));
  await joinSegments(path, [renditions[0]!.initPath, ...segments]);
  return path;
}

async function ffmpegSays(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run("ffmpeg", ["-nostdin", "-hide_banner", ...args], { maxBuffer: 1e8 });
  return stdout + stderr;
}

describe("chunks in HEVC", function () {
  this.timeout(patienceMs);
  let trial: Awaited<ReturnType<typeof openTrial>>;
  let chunks: EncodedChunk[];
  before(async () => {
    trial = await openTrial();
    chunks = [await encode(trial, 0), await encode(trial, 1)];
  });
  after(async () => {
    await trial[Symbol.asyncDispose]();
  });

  it("have every frame once, at its time, and decode without a word", async () => {
    assert.equal(chunks[1]?.joint.beforeFirst, chunks[0]?.joint.last);
    for (const rung of rungs.keys()) {
      const strict = ["-v", "warning", "-xerror", "-err_detect", "explode", "-copyts"];
      const said = await ffmpegSays([
        ...[...strict, "-i", await join(trial, chunks, rung), "-fps_mode", "passthrough"],
        ...["-enc_time_base", `1:${trial.source.timeline.timeScale}`, "-f", "framecrc", "-"],
      ]);
      const lines = said.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      assert.deepEqual(
        lines.map((line) => Number(line.split(",")[2])),
        [...trial.source.timeline.plan],
      );
    }
  });

  it("look like the source", async () => {
    for (const [rung, { videoRange }] of rungs.entries()) {
      if (videoRange === "SDR") continue;
      const said = await ffmpegSays([
        ...["-v", "error", "-i", await join(trial, chunks, rung), "-i", trial.sourcePath],
        ...["-filter_complex", "[0:v]settb=1/25,setpts=N[a];[1:v]settb=1/25,setpts=N[b];[a][b]ssim=stats_file=-"],
        ...["-f", "null", "-"],
      ]);
      const values = [...said.matchAll(/All:([\d.]+)/g)].map((match) => Number(match[1]));
      assert.equal(values.length, 192);
      assert.ok(Math.min(...values) > 0.9, String(Math.min(...values)));
    }
  });

  it("say what they are", async () => {
    const [h264, sdr, hdr] = chunks[0]!.renditions;
    assert.match(h264?.codecs ?? "", /^avc1\.[0-9A-F]{6}$/);
    assert.equal(sdr?.codecs, "hvc1.1.6.L60.90");
    assert.equal(hdr?.codecs, "hvc1.2.4.L60.90");
    const fields = "stream=codec_tag_string,pix_fmt,color_range,color_space,color_transfer,color_primaries";
    const told = async (rung: number): Promise<string[] | undefined> =>
      (await probeLines(await join(trial, chunks, rung), ["-show_entries", fields]))[0]?.slice(0, 6);
    assert.deepEqual(await told(1), ["hvc1", "yuv420p", "tv", "bt709", "bt709", "bt709"]);
    assert.deepEqual(await told(2), ["hvc1", "yuv420p10le", "tv", "bt2020nc", "smpte2084", "bt2020"]);
  });

  it("name the screen that the film was made on where the range is high, and nowhere else", async () => {
    const inits = await Promise.all(chunks[0]!.renditions.map(({ initPath }) => readFile(initPath, "latin1")));
    assert.deepEqual(
      inits.map((init) => /mdcv/.test(init)),
      [false, false, true],
    );
    const init = Buffer.from(inits[2] ?? "", "latin1");
    const contentOf = (type: string, length: number): string => {
      const at = init.indexOf(type, 0, "latin1") + 4;
      return init.toString("hex", at, at + length);
    };
    const points = [13_250, 34_500, 7_500, 3_000, 34_000, 16_000, 15_635, 16_450];
    const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
    assert.equal(
      contentOf("mdcv", 24),
      [...points.map((value) => hex(value, 4)), hex(10_000_000, 8), hex(50, 8)].join(""),
    );
    assert.equal(contentOf("clli", 4), hex(1000, 4) + hex(400, 4));
  });

  it("begin each group with an IDR picture that nothing refers across, and hold neither parameter sets nor settings", async () => {
    for (const rung of [1, 2]) {
      const groups = chunks.flatMap((chunk) => chunk.renditions[rung]?.segments ?? []);
      for (const { path } of groups) {
        for (const kinds of await unitKindsOf(path)) {
          // IDR_N_LP: no picture that is shown before it follows.
          assert.equal(
            kinds.findIndex((kind) => kind === 20),
            rung === 1 ? 0 : kinds.lastIndexOf(39) + 1,
          );
          assert.deepEqual(
            kinds.filter((kind) => kind > 20 && kind !== 39),
            [],
          );
          assert.ok(kinds.every((kind) => kind < 6 || kind > 9));
        }
      }
    }
    const [first, second] = await Promise.all(chunks.map((chunk) => readFile(chunk.renditions[2]!.initPath)));
    assert.ok(first?.equals(second!));
  });

  it("are the same bytes where the processor has fewer instructions", async () => {
    const script = trial.folder.path("ffmpeg");
    await writeFile(script, `#!/bin/sh\n${sse2Script}\n`, { mode: 0o755 });
    assert.deepEqual(await bytesOf(await encode(trial, 1, script)), await bytesOf(chunks[1]!));
  });

  it("change nothing of the H.264 beside them", async () => {
    const alone = await encode({ ...trial, rungs: [tinyRung] }, 1);
    assert.deepEqual(await bytesOf(alone), (await bytesOf(chunks[1]!)).slice(0, 2));
  });
});

/** What a segment's NAL units are, those of each group by themselves (ITU-T H.265, table 7-1). */
async function unitKindsOf(path: string): Promise<number[][]> {
  const bytes = await readFile(path);
  return boxesIn(bytes)
    .filter(({ type }) => type === "mdat")
    .map(({ body, end }) => {
      const kinds: number[] = [];
      for (let at = body; at < end; at += 4 + bytes.readUInt32BE(at)) kinds.push(((bytes[at + 4] ?? 0) >> 1) & 63);
      return kinds;
    });
}

describe("high dynamic range in HEVC", function () {
  this.timeout(patienceMs);

  it("keeps HLG as it is, of every source that has it", async () => {
    const params = "log-level=error:crf=12:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc";
    const form = "scale=128:72:out_color_matrix=bt2020,format=yuv420p10le";
    await using trial = await openTrial([
      "-vf",
      form,
      "-c:v",
      "libx265",
      "-preset",
      "ultrafast",
      "-x265-params",
      params,
    ]);
    assert.equal(trial.source.probe.video.videoRange, "HLG");
    const chunk = await encode({ ...trial, rungs: [{ ...highRange, videoRange: "HLG" }] }, 0);
    const fields = "stream=pix_fmt,color_space,color_transfer,color_primaries";
    const told = await probeLines(await join(trial, [chunk], 0), ["-show_entries", fields]);
    assert.deepEqual(told, [["yuv420p10le", "bt2020nc", "arib-std-b67", "bt2020"]]);
  });
});
