// Pure builders of ffprobe's argument lists.
import { inputGuard, inputPath, quietArguments } from "./input-args.ts";

const containerFields = "format=format_name,duration,size,nb_streams";
const streamFields = [
  "index,codec_type,codec_name,codec_tag_string,profile,width,height,sample_aspect_ratio,pix_fmt,field_order,has_b_frames",
  "color_range,color_space,color_transfer,color_primaries,avg_frame_rate,time_base,start_pts,duration,duration_ts,nb_frames",
  "sample_rate,channels",
].join(",");

/** What the container and its streams say of themselves, as JSON. */
export function describeArguments(sourcePath: string): string[] {
  const entries = [
    containerFields,
    `stream=${streamFields}`,
    "stream_tags=language,title,handler_name,enc_key_id",
    "stream_disposition=default,forced,hearing_impaired,attached_pic,timed_thumbnails,still_image",
    "stream_side_data=displaymatrix,dv_profile,dv_bl_signal_compatibility_id",
    "chapter=start_time,end_time:chapter_tags=title",
  ].join(":");
  return [...quietArguments, ...inputGuard, ...["-show_entries", entries, "-of", "json", inputPath(sourcePath)]];
}

/** A line for each packet of every stream: stream, pts, dts, duration, size, position, flags. */
export function packetIndexArguments(sourcePath: string): string[] {
  const entries = "packet=stream_index,pts,dts,duration,size,pos,flags";
  return [...quietArguments, ...inputGuard, "-show_entries", entries, "-of", "csv=p=0", inputPath(sourcePath)];
}

/** Decoders that show a picture late may want a second packet. */
const sampledPackets = 2;

export interface FrameIndexRange {
  /** Seconds of the container's clock; none: from the start. */
  readonly fromSeconds?: number;
  /** Packets to read; none: to the end. */
  readonly packets?: number;
}

const frameFields = "frame=best_effort_timestamp,width,height,sample_aspect_ratio,interlaced_frame";

/** A line for each decoded picture of a stream: time in its ticks, width, height, pixel aspect, interlaced or not. */
export function frameIndexArguments(sourcePath: string, stream: number, range: FrameIndexRange = {}): string[] {
  const start = range.fromSeconds === undefined ? "" : range.fromSeconds.toFixed(6);
  const interval = `${start}%${range.packets === undefined ? "" : `+#${range.packets}`}`;
  return frameArguments(sourcePath, { stream, intervals: interval === "%" ? [] : [interval] });
}

/** The same lines for a few pictures from each of these times (of the container's clock), or from the start. */
export function pictureSampleArguments(
  sourcePath: string,
  { stream, seconds }: { stream: number; seconds: readonly number[] },
): string[] {
  const intervals = seconds.map((second) => `${second.toFixed(6)}%+#${sampledPackets}`);
  return frameArguments(sourcePath, { stream, intervals: intervals.length > 0 ? intervals : [`%+#${sampledPackets}`] });
}

/** What the container and the first picture say of the screen that a film was made on, as JSON. */
export function masteringArguments(sourcePath: string, stream: number): string[] {
  return [
    ...[...quietArguments, ...inputGuard, "-select_streams", String(stream), "-read_intervals", `%+#${sampledPackets}`],
    ...["-show_entries", "stream_side_data:frame_side_data", "-of", "json", inputPath(sourcePath)],
  ];
}

function frameArguments(sourcePath: string, what: { stream: number; intervals: readonly string[] }): string[] {
  return [
    ...quietArguments,
    ...inputGuard,
    // Only times and sizes are wanted, and the loop filter changes none.
    ...["-skip_loop_filter", "all"],
    ...["-select_streams", String(what.stream)],
    ...(what.intervals.length === 0 ? [] : ["-read_intervals", what.intervals.join(",")]),
    ...["-show_entries", frameFields, "-of", "csv=p=0"],
    inputPath(sourcePath),
  ];
}

/** How many packets a stream has when edit lists are left aside: the figure that the sample table can be held against. */
export function rawCountArguments(sourcePath: string): string[] {
  return [
    ...quietArguments,
    ...inputGuard,
    ...["-ignore_editlist", "1"],
    ...["-count_packets", "-show_entries", "stream=index,nb_read_packets", "-of", "csv=p=0"],
    inputPath(sourcePath),
  ];
}
