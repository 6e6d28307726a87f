// For tests: changes to the files of the sample stream, and what a stream that is damaged on purpose is.
import type { RuleId } from "../rules.ts";

/** Files by their path below the asset. */
export type Files = Map<string, Buffer>;
export type Damaging = (files: Files) => void;

/** Breaks one rule; `also` names the other MUST rules that cannot but break with it. */
export interface Damage {
  readonly rule: RuleId;
  readonly what: string;
  readonly damage: Damaging;
  readonly also?: readonly RuleId[];
}

export type Edit = (text: string) => string;

export function edit(path: string, change: Edit): Damaging {
  return (files) => {
    const before = files.get(path)?.toString() ?? "";
    const after = change(before);
    if (before === after) throw new Error(`${path} is as it was`);
    files.set(path, Buffer.from(after));
  };
}

export function editBytes(path: string, change: (bytes: Buffer) => Buffer): Damaging {
  return (files) => {
    files.set(path, change(Buffer.from(files.get(path) ?? Buffer.alloc(0))));
  };
}

export function all(...steps: readonly Damaging[]): Damaging {
  return (files) => {
    for (const step of steps) step(files);
  };
}

export function index(change: Edit): Damaging {
  return edit("index.m3u8", change);
}

export function everywhere(paths: readonly string[], change: Edit): Damaging {
  return all(...paths.map((path) => edit(path, change)));
}

export function without(pattern: RegExp): Edit {
  return (text) => text.replaceAll(pattern, "");
}

export const mediaPlaylists = ["video/v180.m3u8", "video/v144.m3u8", "audio/en.m3u8", "audio/de.m3u8"];
export const allPlaylists = [...mediaPlaylists, "text/en.m3u8", "iframes/v180.m3u8", "iframes/v144.m3u8"];
