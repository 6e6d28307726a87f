// What is no film, or one that nobody may see: refused, each with its reason.
import { writeFile } from "node:fs/promises";
import type { Bed } from "./bed.ts";
import { box, findBox, withChild } from "./boxes.ts";
import { refused } from "./kinds.ts";
import type { SourceKind } from "./kinds.ts";

const key = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb"];
const keyName = ["-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"];

function text(name: string, content: string, message?: RegExp): SourceKind {
  return refused(name, (path) => writeFile(path, content, "latin1"), "not_media", message);
}

function picture(name: string, args: readonly string[]): SourceKind {
  return refused(
    name,
    async (path, bed) => {
      await bed.ffmpeg(["-i", await bed.film(), "-frames:v", "1", ...args, path]);
    },
    "not_media",
    /still picture/,
  );
}

async function fragments(bed: Bed): Promise<string> {
  return await bed.once("fragments.mp4", async (path) =>
    bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", "-movflags", "+frag_keyframe+empty_moov", path]),
  );
}

/** Changes each packet of a transport stream of the film. */
async function packets(path: string, bed: Bed, change: (packet: Buffer, pid: number) => void): Promise<void> {
  const whole = await bed.once("plain-for-keys.ts", async (to) =>
    bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", to]),
  );
  await bed.patched(whole, path, (bytes) => {
    const changed = Buffer.from(bytes);
    for (let at = 0; at + 188 <= changed.length; at += 188) {
      change(changed.subarray(at, at + 188), changed.readUInt16BE(at + 1) & 0x1fff);
    }
    return changed;
  });
}

export const refusedKinds: readonly SourceKind[] = [
  refused(
    "common encryption, which looks like H.264",
    async (path, bed) => {
      await bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", ...key, ...keyName, path]);
    },
    "encrypted",
  ),
  refused(
    "PlayReady's fragments, which look like H.264",
    async (path, bed) => {
      await bed.patched(await fragments(bed), path, (bytes) => {
        const content = Buffer.concat([Buffer.from("a2394f525a9b4f14a2446c427c648df4", "hex"), Buffer.alloc(8)]);
        const { at } = findBox(bytes, ["moof"]);
        return Buffer.concat([
          bytes.subarray(0, at),
          withChild(bytes.subarray(at), ["moof", "traf"], box("uuid", content)),
        ]);
      });
    },
    "encrypted",
  ),
  refused(
    "single samples encrypted in a transport stream",
    (path, bed) => {
      return packets(path, bed, (packet, pid) => {
        // ffmpeg's program map lies at 0x1000; H.264 is 0x1b there.
        if (pid === 0x1000) packet[packet.indexOf(0x1b, 17)] = 0xdb;
      });
    },
    "encrypted",
  ),
  refused(
    "a scrambled broadcast",
    (path, bed) => {
      return packets(path, bed, (packet, pid) => {
        if (pid >= 0x100 && pid < 0x1000) packet[3] = (packet[3] ?? 0) | 0x80;
      });
    },
    "encrypted",
  ),
  refused(
    "Flash Video with filtered tags",
    async (path, bed) => {
      const whole = await bed.once("keys.flv", async (to) => bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", to]));
      await bed.patched(whole, path, (bytes) => {
        const changed = Buffer.from(bytes);
        for (let at = 13; at + 11 < changed.length; at += changed.readUIntBE(at + 1, 3) + 15) {
          changed[at] = (changed[at] ?? 0) | 0x20;
        }
        return changed;
      });
    },
    "encrypted",
  ),
  refused(
    "an init segment alone",
    async (path, bed) => {
      await bed.patched(await fragments(bed), path, (bytes) => bytes.subarray(0, findBox(bytes, ["moof"]).at));
    },
    "source_truncated",
    /header/,
  ),
  refused(
    "a media segment alone",
    async (path, bed) => {
      await bed.patched(await fragments(bed), path, (bytes) => bytes.subarray(findBox(bytes, ["moof"]).at));
    },
    "not_media",
    /without its init segment/,
  ),
  refused("an empty file", (path) => writeFile(path, ""), "source_empty"),
  refused("one byte", (path) => writeFile(path, "x"), "not_media"),
  refused(
    "noise",
    (path) => {
      return writeFile(
        path,
        Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * index * 31 + index) % 256)),
      );
    },
    "not_media",
  ),
  refused("zeros", (path) => writeFile(path, Buffer.alloc(500_000)), "not_media"),
  picture("a PNG", ["-f", "image2", "-c:v", "png"]),
  picture("a JPEG", ["-f", "image2", "-c:v", "mjpeg"]),
  picture("a WebP", ["-f", "webp"]),
  refused(
    "a GIF of one picture",
    async (path, bed) => {
      await bed.ffmpeg(["-i", await bed.film(), "-frames:v", "1", "-f", "gif", path]);
    },
    "no_video",
    /single picture/,
  ),
  refused(
    "an MP4 of one JPEG",
    async (path, bed) => {
      await bed.ffmpeg(["-i", await bed.film(), "-frames:v", "1", "-c:v", "mjpeg", "-an", path]);
    },
    "no_video",
    /single picture/,
  ),
  text("words", "Dear viewers,\n".repeat(400), /text/),
  text("a web page", "<!DOCTYPE html><title>Not found</title>", /page/),
  text("a playlist under a film's name", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n", /playlist/),
  text("a script of ffmpeg's", "ffconcat version 1.0\nfile /etc/passwd\n"),
  text("an archive", "PK\x03\x04\x14\0\0\0\b\0".padEnd(3000, "\x9d"), /archive/),
  text("a PDF", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", /document/),
  refused(
    "pictures beyond the limit",
    async (path, bed) => {
      const wide = ["-f", "lavfi", "-i", "color=s=9000x5000:r=1:d=1", "-c:v", "mjpeg"];
      await bed.ffmpeg([...wide, "-f", "matroska", path]);
    },
    "media_limit",
    /9000x5000/,
  ),
];
