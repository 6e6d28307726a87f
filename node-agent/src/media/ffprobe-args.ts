// Pure builders of ffprobe's argument lists.
import { inputGuard, inputPath, quietArguments } from "./input-args.ts";

const containerFields = "format=format_name,duration,size,nb_streams";
const streamFields = [
  "index,codec_type,codec_name,codec_tag_string,profile,width,height,sample_aspect_ratio,pix_fmt,field_order,has_b_frames",
  "color_range,color_space,color_transfer,color_primaries,time_base,start_pts,duration,duration_ts,nb_frames",
  "sample_rate,channels",
].join(",");

/** What the container and its streams say of themselves, as JSON. */
export function describeArguments(sourcePath: string): string[] {
  const entries = `${containerFields}:stream=${streamFields}:stream_tags=language:stream_disposition=attached_pic,timed_thumbnails:stream_side_data=rotation`;
  return [...quietArguments, ...inputGuard, "-show_entries", entries, "-of", "json", inputPath(sourcePath)];
}

/** A line for each packet of every stream: stream, pts, dts, duration, size, position, flags. */
export function packetIndexArguments(sourcePath: string): string[] {
  const entries = "packet=stream_index,pts,dts,duration,size,pos,flags";
  return [...quietArguments, ...inputGuard, "-show_entries", entries, "-of", "csv=p=0", inputPath(sourcePath)];
}

export interface FrameIndexRange {
  /** Seconds of the container's clock; none: from the start. */
  readonly fromSeconds?: number;
  /** Packets to read; none: to the end. */
  readonly packets?: number;
}

/** A line for each decoded picture of the first real video stream: its time in ticks of the stream. */
export function frameIndexArguments(sourcePath: string, range: FrameIndexRange = {}): string[] {
  const start = range.fromSeconds === undefined ? "" : range.fromSeconds.toFixed(6);
  const interval = `${start}%${range.packets === undefined ? "" : `+#${range.packets}`}`;
  return [
    ...quietArguments,
    ...inputGuard,
    // Only times are wanted, and the loop filter changes none.
    ...["-skip_loop_filter", "all"],
    ...["-select_streams", "V:0"],
    ...(interval === "%" ? [] : ["-read_intervals", interval]),
    ...["-show_entries", "frame=best_effort_timestamp", "-of", "csv=p=0"],
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
