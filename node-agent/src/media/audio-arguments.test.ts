import assert from "node:assert/strict";
import { decodeArguments, encodeArguments } from "./audio-arguments.ts";
import { inputGuard } from "./input-args.ts";

const target = {
  ...{ track: 3, stream: 1, language: "en", name: "", defaultTrack: false },
  ...{ channels: 2, bitrateBps: 128_000, sampleRate: 48_000 },
};
const decode = { sourcePath: "/scratch/source", stream: 1, target, arch: "x64" };

function filtersOf(args: readonly string[]): string {
  return args[args.indexOf("-af") + 1] ?? "";
}

describe("the arguments that make audio", () => {
  it("decode as written down", () => {
    const args = decodeArguments({ ...decode, sound: { channels: 6, layout: "5.1" } });
    assert.deepEqual(args, [
      ...["-cpuflags", "mmx+sse2", "-nostdin", "-hide_banner", "-loglevel", "warning", "-max_error_rate", "1"],
      ...[
        "-filter_threads",
        "1",
        "-copyts",
        "-threads",
        "1",
        "-flags:a",
        "+bitexact",
        ...inputGuard,
        "-i",
        "file:/scratch/source",
      ],
      ...["-map", "0:a:1", "-vn", "-sn", "-dn", "-af"],
      "aresample=48000:rematrix_maxval=1.4142,aformat=channel_layouts=stereo," +
        "apad=pad_len=239,alimiter=level=0:limit=1:attack=5,aformat=sample_fmts=flt",
      ...["-c:a", "pcm_f32le", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"],
      ...["-avoid_negative_ts", "disabled", "-use_editlist", "0"],
      ...["-movflags", "+empty_moov+default_base_moof+frag_discont", "-frag_duration", "10000", "-f", "mov", "pipe:1"],
    ]);
  });

  it("encode as written down", () => {
    assert.deepEqual(encodeArguments({ target, outputPath: "/scratch/a.mp4", arch: "arm64" }), [
      ...["-nostdin", "-hide_banner", "-loglevel", "warning", "-y", "-nostats"],
      ...["-stats_period", "1", "-progress", "pipe:2", "-protocol_whitelist", "pipe,file"],
      ...["-f", "f32le", "-ar", "48000", "-ch_layout", "stereo", "-i", "pipe:0", "-filter_threads", "1"],
      ...["-c:a", "aac", "-b:a", "128000", "-threads", "1", "-flags", "+bitexact"],
      ...["-bsf:a", "noise=drop='lt(pts\\,0)'", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"],
      ...["-use_editlist", "0", "-movflags", "+empty_moov+default_base_moof"],
      ...["-frag_duration", "1000000", "-flush_packets", "1", "-f", "mp4", "file:/scratch/a.mp4"],
    ]);
  });

  it("place channels by what is known of them", () => {
    const placed = (channels: number, layout: string): string =>
      filtersOf(decodeArguments({ ...decode, sound: { channels, layout } })).split(",aresample")[0] ?? "";
    assert.match(placed(1, "mono"), /^pan=stereo\|FL=FL\+FC/);
    assert.match(placed(16, ""), /^pan=stereo\|c0=c0\|c1=c1/);
    assert.match(placed(16, "hexadecagonal"), /^aresample/);
    assert.match(placed(6, ""), /^aresample/);
  });
});
