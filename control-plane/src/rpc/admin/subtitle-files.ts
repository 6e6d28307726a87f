// Files of subtitles that are given beside a source, with it or later.
import { mostSubtitleFiles, readSubtitleFile, subtitleFileBytes } from "@vstream/core/subtitle-file.ts";
import type { SubtitleFile } from "@vstream/proto/admin.ts";
import type { NewSubtitleFile } from "../../catalog/catalog.ts";
import * as check from "../wire/checks.ts";

const limits = { files: mostSubtitleFiles, bytes: subtitleFileBytes, name: 255, language: 35 };

/** @throws VsError invalid_argument that names the file */
export function subtitleFilesFrom(files: readonly SubtitleFile[]): NewSubtitleFile[] {
  return check.atMost(files, "subtitle files", limits.files).map(subtitleFileFrom);
}

function subtitleFileFrom({ name, language, content }: SubtitleFile): NewSubtitleFile {
  check.text(name, "name of a subtitle file", { min: 1, max: limits.name });
  if (!/\.(srt|vtt)$/i.test(name)) throw check.wrong(name, "is neither .srt nor .vtt");
  if (content.length === 0) throw check.wrong(name, "is empty");
  if (content.length > limits.bytes) throw check.wrong(name, `is larger than ${String(limits.bytes)} bytes`);
  if (readSubtitleFile(content).length === 0) throw check.wrong(name, "is neither SubRip nor WebVTT: it has no cue");
  if (!isLanguage(language))
    throw check.wrong(`language of ${name}`, `${JSON.stringify(language)} is no tag as BCP 47 has it`);
  return { name, language, content: Buffer.from(content).toString("base64") };
}

function isLanguage(tag: string): boolean {
  if (tag === "") return true;
  try {
    return tag.length <= limits.language && Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
