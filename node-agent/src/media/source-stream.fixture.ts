// A stream as ffprobe describes it: ordinary H.264, but for what a test changes.
import type { SourceStream } from "./source-shape.ts";

export function madeStream(change: Partial<SourceStream> = {}): SourceStream {
  return {
    ...{ index: 0, codec_type: "video", codec_name: "h264", codec_tag_string: "avc1", width: 1280, height: 720 },
    ...{ sample_aspect_ratio: "1:1", pix_fmt: "yuv420p", field_order: "progressive", color_range: "", color_space: "" },
    ...{
      color_transfer: "",
      color_primaries: "",
      avg_frame_rate: "25/1",
      time_base: "1/1000",
      duration: null,
      nb_frames: null,
    },
    ...{ sample_rate: null, channels: 0, tags: { language: "", title: "", handler_name: "", enc_key_id: "" } },
    disposition: {
      ...{ default: 0, forced: 0, hearing_impaired: 0, attached_pic: 0, timed_thumbnails: 0, still_image: 0 },
    },
    side_data_list: [],
    ...change,
  };
}
