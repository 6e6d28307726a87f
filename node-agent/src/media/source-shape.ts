// The form of ffprobe's description of a source. Every field may be missing; absurd values are refused, and long names
// cut.
import { VsError } from "@vstream/core/errors.ts";
import { z } from "zod";

const labelLength = 200;

const text = z.string().max(200).default("");
/** What people wrote: cut rather than refused. */
const label = z
  .string()
  .transform((value) => value.slice(0, labelLength))
  .default("");
const count = z.number().int().nonnegative().max(1e7).default(0);
/** Numbers that ffprobe prints as text, or "N/A". Not finite or negative: as if it were not there. */
const printed = z
  .union([z.string(), z.number()])
  .transform((value) => Number(value))
  .transform((value) => (Number.isFinite(value) && value >= 0 ? value : null))
  .nullable()
  .default(null);

const noTags = { language: "", title: "", handler_name: "", enc_key_id: "" };
const noDisposition = {
  ...{ default: 0, forced: 0, hearing_impaired: 0 },
  ...{ attached_pic: 0, timed_thumbnails: 0, still_image: 0 },
};

const streamShape = z.object({
  index: z.number().int().nonnegative(),
  codec_type: text,
  codec_name: text,
  codec_tag_string: text,
  width: count,
  height: count,
  sample_aspect_ratio: text,
  pix_fmt: text,
  field_order: text,
  color_range: text,
  color_space: text,
  color_transfer: text,
  color_primaries: text,
  avg_frame_rate: text,
  time_base: text,
  duration: printed,
  nb_frames: printed,
  sample_rate: printed,
  channels: count,
  tags: z.object({ language: label, title: label, handler_name: label, enc_key_id: label }).default(noTags),
  disposition: z
    .object({
      ...{ default: count, forced: count, hearing_impaired: count },
      ...{ attached_pic: count, timed_thumbnails: count, still_image: count },
    })
    .default(noDisposition),
  side_data_list: z
    .array(
      z.object({
        displaymatrix: text,
        dv_profile: z.number().optional(),
        dv_bl_signal_compatibility_id: z.number().optional(),
      }),
    )
    .default([]),
});

const chapterShape = z.object({
  start_time: printed,
  end_time: printed,
  tags: z.object({ title: label }).default({ title: "" }),
});

const descriptionShape = z.object({
  format: z.object({ format_name: text, duration: printed }),
  streams: z.array(streamShape),
  chapters: z.array(chapterShape).default([]),
});

export type SourceStream = z.infer<typeof streamShape>;
export type SourceChapter = z.infer<typeof chapterShape>;

export type PrintedDescription = z.infer<typeof descriptionShape>;

/** @throws VsError source_damaged */
export function parseDescription(json: string): PrintedDescription {
  try {
    return descriptionShape.parse(JSON.parse(json));
  } catch (cause) {
    throw new VsError("source_damaged", "the source describes itself in a way that makes no sense", { cause });
  }
}
