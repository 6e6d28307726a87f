// Files of subtitles that go with a source: those that a command names as LANG=FILE, and those that lie beside the
// source and are called after it (movie.srt, movie.en.srt and movie.en-GB.vtt beside movie.mp4).
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { mostSubtitleFiles, readSubtitleFile, subtitleFileBytes } from "@vstream/core/subtitle-file.ts";
import type { SubtitleFile } from "./control-client.ts";

/** In one call, which may have no more than four mebibytes. */
const mostBytesAtOnce = 3 * 1024 * 1024;
const form = "Write it as LANG=FILE, such as en=movie.srt or pt-BR=movie.vtt";

/**
 * The files that texts such as `en=movie.srt` name.
 * @throws VsError usage that says which text is wrong, and how
 */
export async function readSubtitles(texts: readonly string[]): Promise<SubtitleFile[]> {
  if (texts.length > mostSubtitleFiles) {
    throw wrong(`${texts.length} files of subtitles are too many`, `An asset takes ${mostSubtitleFiles} at most`);
  }
  const files = await Promise.all(texts.map(readNamed));
  if (sumBytes(files) > mostBytesAtOnce) throw tooMuch("the files of subtitles");
  return files;
}

export interface BesideSubtitles {
  readonly files: readonly SubtitleFile[];
  /** What was found and left out, and why: for people. */
  readonly leftOut: readonly string[];
}

/** The files of subtitles beside a source, by name; `taken`: those that a command named, in whose place none comes. */
export async function findBeside(path: string, taken: readonly SubtitleFile[]): Promise<BesideSubtitles> {
  const stem = basename(path, extname(path));
  const names = await readdir(dirname(path)).catch(() => []);
  const files: SubtitleFile[] = [];
  const leftOut: string[] = [];
  for (const name of names.filter((one) => one !== basename(path)).toSorted()) {
    const language = languageBeside(stem, name);
    if (language === null || taken.some((file) => file.language === language || file.name === name)) continue;
    try {
      if (taken.length + files.length >= mostSubtitleFiles) throw wrong(`${name} is one too many`, "");
      const file = await readOne(join(dirname(path), name), language);
      if (sumBytes([...taken, ...files, file]) > mostBytesAtOnce) throw tooMuch(`${name} and those before it`);
      files.push(file);
    } catch (thrown) {
      if (!(thrown instanceof VsError)) throw thrown;
      leftOut.push(thrown.message);
    }
  }
  return { files, leftOut };
}

/** Null: the file is not called after the source. Empty: it is, and says nothing of the language. */
function languageBeside(stem: string, name: string): string | null {
  if (!isSubtitleName(name) || !name.startsWith(`${stem}.`)) return null;
  const between = name.slice(stem.length + 1, -extname(name).length);
  // "movie.srt": nothing stands between the two dots, which are one.
  return name.length === stem.length + extname(name).length ? "" : languageTag(between);
}

async function readNamed(text: string): Promise<SubtitleFile> {
  const at = text.indexOf("=");
  if (at <= 0 || at === text.length - 1) throw wrong(`--subtitle ${JSON.stringify(text)} is not LANG=FILE`, form);
  const [tag, path] = [text.slice(0, at), text.slice(at + 1)];
  const language = languageTag(tag);
  if (language === null) throw wrong(`--subtitle ${text}: ${JSON.stringify(tag)} is no language tag`, form);
  if (!isSubtitleName(path)) throw wrong(`--subtitle ${text}: ${path} is neither .srt nor .vtt`, form);
  return await readOne(path, language);
}

async function readOne(path: string, language: string): Promise<SubtitleFile> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unread(path, cause);
  });
  if (!found.isFile()) throw wrong(`the subtitles ${path} are not a file`, "Name a file");
  if (found.size > subtitleFileBytes) {
    const hint = `A file of subtitles may have ${subtitleFileBytes} at most`;
    throw wrong(`the subtitles ${path} have ${found.size} bytes`, hint);
  }
  const content = await readFile(path).catch((cause: unknown) => {
    throw unread(path, cause);
  });
  if (content.length === 0) throw wrong(`the subtitles ${path} are empty`, "Check the file");
  if (readSubtitleFile(content).length === 0) {
    throw wrong(`${path} is neither SubRip nor WebVTT: there is no cue in it`, "Check the file");
  }
  return { name: basename(path), language, content };
}

function sumBytes(files: readonly SubtitleFile[]): number {
  return files.reduce((sum, { content }) => sum + content.length, 0);
}

function tooMuch(what: string): VsError {
  return wrong(`${what} have more than ${mostBytesAtOnce} bytes together`, "Add the rest with: vsctl assets update ID");
}

function isSubtitleName(name: string): boolean {
  return /\.(srt|vtt)$/i.test(name);
}

/** In the usual spelling (`en-GB`), or null for what is no BCP 47 tag. */
function languageTag(text: string): string | null {
  // "x-…" is private, and words of more than three letters are none of the languages that are spoken.
  if (!/^[a-z]{2,3}(-|$)/i.test(text)) return null;
  try {
    return Intl.getCanonicalLocales(text)[0] ?? null;
  } catch {
    return null;
  }
}

function unread(path: string, cause: unknown): VsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VsError("usage", `the subtitles ${path} cannot be read: ${reason}`, { hint: "Check the path", cause });
}

function wrong(message: string, hint: string): VsError {
  return new VsError("usage", message, { hint });
}
