// Tells what a file is that is no film, for the sentence that refuses it.
import { VsError } from "@vstream/core/errors.ts";
import { ReadableFile } from "./local-files.ts";

const headBytes = 4096;

/** Kinds by their first bytes, from a position. */
const kinds: readonly (readonly [string, number, readonly string[]])[] = [
  ["a still picture", 0, ["\x89PNG", "\xff\xd8\xff", "GIF8", "BM", "II*\0", "MM\0*", "\x8aMNG", "8BPS"]],
  ["a still picture", 8, ["WEBP", "heic", "heix", "mif1", "msf1", "avif", "avis"]],
  ["a document", 0, ["%PDF", "{\\rtf", "\xd0\xcf\x11\xe0"]],
  ["an archive", 0, ["PK\x03\x04", "Rar!", "7z\xbc\xaf", "\x1f\x8b", "BZh", "\xfd7zXZ"]],
  ["a program", 0, ["\x7fELF", "MZ"]],
  ["a playlist or a page", 0, ["#EXTM3U", "<?xml", "<MPD", "<!DOCTYPE", "<html"]],
  ["a media segment without its init segment", 4, ["styp", "moof", "sidx"]],
];

/** A refusal that says more, where there is more to say; otherwise the one given. */
export async function explainNotMedia(sourcePath: string, refusal: VsError): Promise<VsError> {
  await using file = await ReadableFile.open(sourcePath);
  const head = await file.read(0, headBytes);
  const text = head.toString("latin1");
  const found = kinds.find(([, position, starts]) => starts.some((start) => text.startsWith(start, position)))?.[0];
  const kind = found ?? (isText(head) ? "text" : null);
  if (kind === null) return refusal;
  return new VsError("not_media", `the source is ${kind}, not a film`, { hint: refusal.hint, cause: refusal });
}

/** Bytes that no text has: most control characters. */
function isText(head: Buffer): boolean {
  return head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b);
}
