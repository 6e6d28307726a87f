// Files of subtitles that are given beside a source, with it or later.
import type { SubtitleFile } from "@vstream/proto/admin.ts";
import type { NewSubtitleFile } from "../../catalog/catalog.ts";
import * as check from "../wire/checks.ts";

/** Of one asset, and of one file: a film of three hours takes some 150 KB. */
const limits = { files: 16, bytes: 1024 * 1024, name: 255, language: 35 };

/** @throws VsError invalid_argument that names the file */
export function subtitleFilesFrom(files: readonly SubtitleFile[]): NewSubtitleFile[] {
  return check.atMost(files, "subtitle files", limits.files).map(subtitleFileFrom);
}

function subtitleFileFrom({ name, language, content }: SubtitleFile): NewSubtitleFile {
  check.text(name, "name of a subtitle file", { min: 1, max: limits.name });
  if (!/\.(srt|vtt)$/i.test(name)) throw check.wrong(name, "is neither .srt nor .vtt");
  if (content.length === 0) throw check.wrong(name, "is empty");
  if (content.length > limits.bytes) throw check.wrong(name, `is larger than ${String(limits.bytes)} bytes`);
  const tag = check.text(language, `language of ${name}`, { max: limits.language });
  return { name, language: tag, content: Buffer.from(content).toString("base64") };
}
