import assert from "node:assert/strict";
import { chunkArguments } from "./ffmpeg-args.ts";
import { describeArguments, frameIndexArguments, pictureSampleArguments } from "./ffprobe-args.ts";
import type { ChunkPlan } from "./plan-chunk.ts";
import type { Picture } from "./timeline.ts";
import { plainPicture as picture } from "./timeline.fixture.ts";

const middleChunk: ChunkPlan = {
  ...{ firstFrame: 144, endFrame: 288, startPts: 73728, endPts: 147456, afterEndPts: 147968 },
  ...{
    joint: { beforePts: 73216, lastFromPts: 146944 },
    seekSeconds: 5.25,
    keyframeSeconds: [0, 1.979167],
    groups: [],
  },
};

const encode = {
  ...{ sourcePath: "/scratch/source", plan: middleChunk, picture, timeBase: { num: 1, den: 12288 } },
  ...{ timeScale: 12288, ticksPerFrame: 512, outputPaths: ["/scratch/out.mp4"], jointPath: "/scratch/joint" },
  cubePath: null,
  rungs: [
    {
      ...{ name: "360p", width: 640, height: 360, codec: "h264" as const, preset: "fast", crf: 23 },
      ...{ maxrateBps: 800_000, bufferBits: 1_600_000, profile: "high", videoRange: "SDR" as const },
    },
  ],
};

function graphOf(args: readonly string[]): string {
  return args[args.indexOf("-filter_complex") + 1] ?? "";
}

const guard = [
  ...["-protocol_whitelist", "file", "-format_whitelist"],
  "mov,matroska,webm,mpegts,mpeg,avi,flv,live_flv,ogg,asf,mxf,ivf,nut,dv,rm,wtv,gxf,gif,yuv4mpegpipe,h264,hevc,m4v,mpegvideo,av1,obu,flac,mp3,wav,w64,aac,ac3,eac3,aiff,caf,dts,truehd,loas,wv,tta,ape,au",
  ...["-max_pixels", "35651584", "-analyzeduration", "30000000", "-probesize", "67108864"],
];

describe("ffmpeg's arguments", () => {
  it("encode a chunk as written down", () => {
    assert.deepEqual(chunkArguments(encode), [
      ...["-nostdin", "-hide_banner", "-loglevel", "warning", "-y", "-nostats"],
      ...["-stats_period", "1", "-progress", "pipe:2"],
      ...["-filter_complex_threads", "1", "-copyts", "-noaccurate_seek", "-seek_timestamp", "1", "-ss", "5.250000"],
      ...["-threads", "1", "-flags:v", "+bitexact", "-noautorotate"],
      ...[...guard, "-i", "file:/scratch/source"],
      "-filter_complex",
      [
        "[0:0]split=2[m][j]",
        "[j]trim=start_pts=73216:end_pts=147456,select='eq(pts,73216)+eq(pts,146944)',settb=1/10,setpts=N*10[joint]",
        "[m]trim=start_pts=73728:end_pts=147456,split=1[s0]",
        "[s0]scale=640:360:flags=bicubic+accurate_rnd+bitexact,format=yuv420p,setsar=1," +
          "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,settb=1/12288,setpts=N*512[v0]",
      ].join(";"),
      ...["-map", "[v0]", "-fps_mode", "passthrough", "-enc_time_base", "1:12288"],
      ...["-c:v", "libx264", "-preset", "fast", "-profile:v", "high", "-crf", "23"],
      ...["-maxrate", "800000", "-bufsize", "1600000", "-threads", "1", "-flags", "+bitexact", "-a53cc", "0"],
      ...["-g", "9999", "-sc_threshold", "0", "-forced-idr", "1", "-force_key_frames", "0.000000,1.979167"],
      ...["-x264-params", "cpu-independent=1:fps=12288/512"],
      ...["-bsf:v", "filter_units=remove_types=6,setts=pts=PTS:dts=DTS:duration=512"],
      ...["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"],
      ...["-avoid_negative_ts", "disabled", "-video_track_timescale", "12288"],
      ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof+frag_discont+negative_cts_offsets"],
      ...["-f", "mp4", "file:/scratch/out.mp4"],
      ...["-map", "[joint]", "-fps_mode", "passthrough", "-enc_time_base", "1:10", "-c:v", "rawvideo"],
      ...["-f", "framemd5", "file:/scratch/joint"],
    ]);
  });

  it("tell x265 what makes its bytes the same everywhere, and its groups closed", () => {
    const [rung] = encode.rungs;
    const hevc = { ...rung!, name: "360p-hevc", codec: "hevc" as const, profile: "main" };
    const args = chunkArguments({ ...encode, rungs: [hevc] });
    assert.deepEqual(args.slice(args.indexOf("-c:v"), args.indexOf("-map_metadata")), [
      ...["-c:v", "libx265", "-preset", "fast", "-profile:v", "main", "-crf", "23"],
      ...["-maxrate", "800000", "-bufsize", "1600000", "-threads", "1", "-flags", "+bitexact"],
      ...["-g", "9999", "-forced-idr", "1", "-force_key_frames", "0.000000,1.979167", "-x265-params"],
      "log-level=error:fps=12288/512:pools=none:frame-threads=1:wpp=0:lookahead-slices=0:info=0:keyint=9999:" +
        "min-keyint=1:scenecut=0:open-gop=0:high-tier=0",
      ...["-bsf:v", "filter_units=remove_types=32-34,setts=pts=PTS:dts=DTS:duration=512", "-tag:v", "hvc1"],
    ]);
  });

  it("make the pictures once of rungs that differ in the encoder alone", () => {
    const [rung] = encode.rungs;
    const small = { ...rung!, name: "180p", width: 320, height: 180 };
    const rungs = [rung!, small, { ...rung!, name: "360p-hevc", codec: "hevc" as const }];
    const graph = graphOf(chunkArguments({ ...encode, rungs, outputPaths: ["a", "b", "c"] }));
    assert.match(
      graph,
      /,split=2\[s0\]\[s1\];\[s0\]scale=640:360:[^;]*,split=2\[v0\]\[v2\];\[s1\]scale=320:180:[^;]*\*512\[v1\]$/,
    );
  });

  it("leave the light of high dynamic range as it is where a rung is to have it", () => {
    const colour: Picture["colour"] = {
      ...picture.colour,
      ...{ convertFrom: { matrix: "bt2020", range: "tv" }, mapFrom: "hlg" },
    };
    const [rung] = encode.rungs;
    const rungs = [{ ...rung!, codec: "hevc" as const, profile: "main10", videoRange: "HLG" as const }];
    const graph = graphOf(chunkArguments({ ...encode, rungs, picture: { ...picture, colour }, cubePath: "/cube" }));
    assert.match(graph, /:out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,setsar=1,setparams=.*arib-std-b67/);
    assert.ok(!graph.includes("lut3d"));
  });

  it("start at the file's start and end at its end where a chunk does", () => {
    const plan = { ...middleChunk, startPts: null, endPts: null, seekSeconds: null };
    const args = chunkArguments({ ...encode, plan: { ...plan, joint: { beforePts: null, lastFromPts: 7 } } });
    assert.ok(!args.includes("-ss"));
    assert.match(graphOf(args), /\[j\]null,select='gte\(pts,7\)'.*\[m\]null,split=1/);
  });

  it("deinterlace with a frame on either side, before the cut", () => {
    const args = chunkArguments({ ...encode, picture: { ...picture, interlaced: true } });
    const filters = /;\[m\](.*?)split/.exec(graphOf(args))?.[1];
    assert.equal(
      filters,
      "trim=start_pts=73216:end_pts=147968,bwdif=mode=send_frame:parity=auto:deint=interlaced,settb=1/12288,trim=start_pts=73728:end_pts=147456,",
    );
  });

  it("keep every n-th frame of fast sources, after the cut", () => {
    const args = chunkArguments({ ...encode, picture: { ...picture, keepEvery: 2 } });
    assert.match(graphOf(args), /end_pts=147456,select='not\(mod\(n,2\)\)',split/);
  });

  it("deinterlace every frame where only the container tells of fields", () => {
    const bottom: Picture = { ...picture, interlaced: true, fieldOrder: "bottom" };
    assert.match(graphOf(chunkArguments({ ...encode, picture: bottom })), /parity=bff:deint=all/);
  });

  it("turn pictures after the cut, and after they are deinterlaced", () => {
    const turned: Picture = { ...picture, interlaced: true, orientation: "right" };
    assert.match(graphOf(chunkArguments({ ...encode, picture: turned })), /bwdif.*,trim=[^,]*,transpose=clock,split/);
  });

  it("make pictures of other sizes one size before anything counts or looks ahead", () => {
    const fitInto = { width: 720, height: 576, pixelAspect: { num: 16, den: 15 } };
    const args = chunkArguments({ ...encode, picture: { ...picture, interlaced: true, fitInto } });
    assert.match(graphOf(args), /\[m\]trim=[^,]*,scale=w='.*:eval=frame.*,pad=720:576:.*,setsar=16\/15,bwdif=/);
    assert.equal(args[args.indexOf("-reinit_filter") + 1], "0");
  });

  it("leave out frames that are no later than one before them", () => {
    const args = chunkArguments({ ...encode, picture: { ...picture, repeats: true } });
    assert.match(graphOf(args), /^\[0:0\]select='isnan\(prev_selected_pts\)\+gt\(pts,prev_selected_pts\)',split=2/);
  });

  it("take colours through a table whatever its path is called", () => {
    const colour: Picture["colour"] = {
      ...picture.colour,
      ...{ convertFrom: { matrix: "bt2020", range: "tv" }, mapFrom: "pq" },
    };
    const graph = graphOf(chunkArguments({ ...encode, picture: { ...picture, colour }, cubePath: "/a b/it's:1,[x]" }));
    assert.ok(graph.includes("lut3d=file=/a b/it\\\\\\'s\\\\:1\\,\\[x\\]:interp=trilinear,"), graph);
    assert.match(graph, /scale=640:360:[^,]*:in_color_matrix=bt2020:in_range=tv,format=gbrp12,lut3d/);
  });
});

describe("ffprobe's arguments", () => {
  it("guard the input before it is named", () => {
    const args = describeArguments("http:x.mp4");
    assert.deepEqual(args.slice(3, 3 + guard.length), guard);
    assert.equal(args.at(-1), "file:http:x.mp4");
  });

  it("look at pictures in several places, or at the start", () => {
    const intervals = (seconds: number[]): unknown => {
      const args = pictureSampleArguments("s", { stream: 1, seconds });
      return [args[args.indexOf("-select_streams") + 1], args[args.indexOf("-read_intervals") + 1]];
    };
    assert.deepEqual(intervals([1, 2.5]), ["1", "1.000000%+#2,2.500000%+#2"]);
    assert.deepEqual(intervals([]), ["1", "%+#2"]);
  });

  it("read a part by packets or from a time, or everything", () => {
    const interval = (range: object): unknown => {
      const args = frameIndexArguments("s", 0, range);
      return args.includes("-read_intervals") ? args[args.indexOf("-read_intervals") + 1] : null;
    };
    assert.equal(interval({ packets: 96 }), "%+#96");
    assert.equal(interval({ fromSeconds: 1.5 }), "1.500000%");
    assert.equal(interval({}), null);
  });
});
