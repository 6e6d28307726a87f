// Pure: from the packets of a text track to a list of cues: on the video's clock, inside the video, in order, with
// something to be read in each.
import { VsError } from "@vstream/core/errors.ts";
import { decodeText } from "@vstream/core/text-charset.ts";
import { assTokens } from "./text-ass.ts";
import { cueText } from "./text-markup.ts";
import type { TextPacket } from "./text-packets.ts";
import { taggedTokens } from "./text-tagged.ts";

export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  /** As WebVTT has it. */
  readonly text: string;
}

/** How the text of packets is written. */
export type TextForm = "tagged" | "ass" | "decoded";

export interface CueClock {
  /** The time of the first picture on the source's clock. */
  readonly firstSeconds: number;
  /** Of the video. */
  readonly durationSeconds: number;
}

export const cueLimit = 200_000;
/** A longer one is left out: nobody could read it. */
export const cueByteLimit = 16 * 1024;
/** How long a cue stays whose end nobody knows and that no other follows. */
const unknownEndSeconds = 5;

/** @throws VsError media_limit when there are too many */
export function cuesOf(packets: readonly TextPacket[], form: TextForm, clock: CueClock): Cue[] {
  const timed: Cue[] = [];
  for (const [index, packet] of packets.entries()) {
    const times = timesOf(packet, packets[index + 1], clock);
    if (times === null || packet.bytes.length > 4 * cueByteLimit) continue;
    const text = cueText(tokensOf(packet.bytes, form));
    if (text === "" || Buffer.byteLength(text) > cueByteLimit) continue;
    if (timed.length >= cueLimit) {
      throw new VsError("media_limit", `a text track has more than ${cueLimit} cues`, {
        hint: "Leave the track out, or take its typesetting away",
      });
    }
    timed.push({ ...times, text });
  }
  return joined(timed.sort((one, other) => one.startMs - other.startMs));
}

function tokensOf(bytes: Buffer, form: TextForm) {
  const text = decodeText(bytes);
  return form === "tagged" ? taggedTokens(text) : assTokens(text, form === "ass");
}

// Null: nothing of it lies in the video.
function timesOf(packet: TextPacket, next: TextPacket | undefined, clock: CueClock): Omit<Cue, "text"> | null {
  const { startSeconds } = packet;
  const startMs = Math.max(0, milliseconds(startSeconds, clock));
  const endMs = Math.min(
    Math.floor(clock.durationSeconds * 1000),
    milliseconds(packet.endSeconds ?? guessedEnd(startSeconds, next), clock),
  );
  return endMs > startMs ? { startMs, endMs } : null;
}

function guessedEnd(startSeconds: number, next: TextPacket | undefined): number {
  const latest = startSeconds + unknownEndSeconds;
  return next !== undefined && next.startSeconds > startSeconds ? Math.min(next.startSeconds, latest) : latest;
}

function milliseconds(seconds: number, clock: CueClock): number {
  return Math.round((seconds - clock.firstSeconds) * 1000);
}

// The same text again where it ends, or beside itself, is one: typesetters move a line picture by picture, and lay a
// shadow under it.
function joined(cues: readonly Cue[]): Cue[] {
  const kept: Cue[] = [];
  const places = new Map<string, number>();
  for (const cue of cues) {
    const place = places.get(cue.text);
    const before = place === undefined ? undefined : kept[place];
    if (place !== undefined && before !== undefined && before.endMs >= cue.startMs) {
      kept[place] = { ...before, endMs: Math.max(before.endMs, cue.endMs) };
    } else {
      places.set(cue.text, kept.length);
      kept.push(cue);
    }
  }
  return kept;
}
