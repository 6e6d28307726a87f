// Real clips, damaged: what can be shown is a film, and what is missing is named.
import { h264 } from "./bed.ts";
import type { Bed } from "./bed.ts";
import { made, refused } from "./kinds.ts";
import type { SourceKind } from "./kinds.ts";

const junk = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 251));

async function stream(bed: Bed): Promise<string> {
  return await bed.once("plain.ts", async (path) => bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", path]));
}

async function container(bed: Bed, name: string, args: readonly string[] = []): Promise<string> {
  return await bed.once(name, async (path) => bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", ...args, path]));
}

/** Turns a few bits over, between two shares of the file. */
function flipped(bytes: Buffer, from: number, to: number, count: number): Buffer {
  const changed = Buffer.from(bytes);
  for (let index = 0; index < count; index += 1) {
    const at = Math.floor(bytes.length * (from + ((to - from) * index) / count));
    changed[at] = (changed[at] ?? 0) ^ (1 << (index % 8));
  }
  return changed;
}

function cut(name: string, args: readonly string[], share: number): SourceKind {
  return refused(`${name}, cut off at ${share * 100} %`, cutting(name, args, share), "source_truncated");
}

/** The same, where what is there may be published. */
function cutAndAllowed(name: string, args: readonly string[], share: number): SourceKind {
  const frames = [192 * share - 48, 192 * share + 24] as const;
  const told = `what is there of ${name}, cut off at ${share * 100} %`;
  return made(told, `film.${args.at(-1) ?? ""}`, cutting(name, args, share), { frames, likeness: null, damaged: true });
}

function cutting(name: string, args: readonly string[], share: number): SourceKind["make"] {
  return async (path, bed) => {
    const whole = await container(bed, `whole-${name.replaceAll(/\W/g, "")}.${args.at(-1) ?? ""}`, args.slice(0, -1));
    await bed.patched(whole, path, (bytes) => bytes.subarray(0, Math.floor(bytes.length * share)));
  };
}

/** A download that was set aside at its full size, and never came to its end. */
const zerosAtTheEnd: SourceKind["make"] = async (path, bed) => {
  const whole = await container(bed, "front.mp4", ["-movflags", "+faststart"]);
  await bed.patched(whole, path, (bytes) => Buffer.from(bytes).fill(0, Math.floor(bytes.length * 0.6)));
};

export const damagedKinds: readonly SourceKind[] = [
  cut("MP4 with its index last", ["mp4"], 0.7),
  cut("MP4 with its index first", ["-movflags", "+faststart", "mp4"], 0.7),
  cut("MP4 in fragments", ["-movflags", "+frag_keyframe+empty_moov", "mp4"], 0.5),
  cut("Matroska", ["mkv"], 0.6),
  cut("AVI", ["-bsf:v", "h264_mp4toannexb", "avi"], 0.6),
  cut("Flash Video", ["flv"], 0.6),
  cutAndAllowed("MP4 with its index first", ["-movflags", "+faststart", "mp4"], 0.7),
  cutAndAllowed("MP4 in fragments", ["-movflags", "+frag_keyframe+empty_moov", "mp4"], 0.5),
  cutAndAllowed("Matroska", ["mkv"], 0.6),
  cutAndAllowed("AVI", ["-bsf:v", "h264_mp4toannexb", "avi"], 0.6),
  cutAndAllowed("Flash Video", ["flv"], 0.6),
  made(
    "a transport stream that ends in the middle of a packet",
    "film.ts",
    async (path, bed) => {
      await bed.patched(await stream(bed), path, (bytes) => bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    },
    { frames: [100, 125], likeness: null },
  ),
  made(
    "bits turned over in the middle of MP4",
    "film.mp4",
    async (path, bed) => {
      await bed.patched(await bed.plain(), path, (bytes) => flipped(bytes, 0.4, 0.5, 6));
    },
    { frames: 192, likeness: null },
  ),
  made(
    "bits turned over in a transport stream",
    "film.ts",
    async (path, bed) => {
      await bed.patched(await stream(bed), path, (bytes) => flipped(bytes, 0.3, 0.6, 12));
    },
    { frames: [150, 192], likeness: null },
  ),
  made(
    "packets lost on the way",
    "film.ts",
    async (path, bed) => {
      await bed.patched(await stream(bed), path, (bytes) => {
        const packets = Array.from({ length: bytes.length / 188 }, (_, index) =>
          bytes.subarray(index * 188, index * 188 + 188),
        );
        return Buffer.concat(packets.filter((_, index) => index % 97 !== 60));
      });
    },
    { frames: [150, 192], likeness: null },
  ),
  made(
    "a transport stream behind something else",
    "film.ts",
    async (path, bed) => {
      await bed.patched(await stream(bed), path, (bytes) => Buffer.concat([junk, bytes]));
    },
    { frames: 192 },
  ),
  made(
    "MP4 before something else",
    "film.mp4",
    async (path, bed) => {
      await bed.patched(await bed.plain(), path, (bytes) => Buffer.concat([bytes, junk]));
    },
    { frames: 192 },
  ),
  made(
    "Matroska with a hole in it",
    "film.mkv",
    async (path, bed) => {
      await bed.patched(await container(bed, "whole.mkv"), path, (bytes) => {
        return Buffer.from(bytes).fill(0, Math.floor(bytes.length * 0.5), Math.floor(bytes.length * 0.5) + 200);
      });
    },
    { frames: [150, 192], likeness: null },
  ),
  refused("a download of which the last part never came: zeros", zerosAtTheEnd, "source_damaged", /\d s/),
  made("what came of such a download", "film.mp4", zerosAtTheEnd, {
    ...{ frames: [90, 125], likeness: null, damaged: true },
  }),
  refused(
    "pictures that are noise",
    async (path, bed) => {
      await bed.patched(await bed.plain(), path, (bytes) => {
        const index = bytes.lastIndexOf("moov", undefined, "latin1") - 4;
        const changed = Buffer.from(bytes);
        for (let at = 48; at < index; at += 1) changed[at] = (at * 7919) % 253;
        return changed;
      });
    },
    "source_damaged",
  ),
  made(
    "the last picture broken off",
    "film.ts",
    async (path, bed) => {
      const whole = await bed.once("last.h264", async (to) => bed.ffmpeg(["-i", await bed.film(), "-an", ...h264, to]));
      await bed.patched(whole, `${path}.h264`, (bytes) => bytes.subarray(0, bytes.length - 300));
      await bed.ffmpeg(["-i", `${path}.h264`, "-c", "copy", "-bsf:v", "setts=ts=N*3750", path]);
    },
    { frames: [180, 192], likeness: null },
  ),
];
