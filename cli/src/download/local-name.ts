// What a source is called here when nobody says otherwise. Its name comes from outside.
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";

const nameBytes = 200;

/** A plain name of a file: no folder, no control character, not hidden; the end is kept when it is cut. */
export function localName(sourceName: string | null, assetId: string): string {
  const base = (sourceName ?? "").replace(/^.*[/\\]/s, "").replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "");
  const plain = base.replace(/^[\s.]+/, "").trimEnd();
  if (plain === "") return `${assetId}.source`;
  const ending = /\.\w{1,10}$/.exec(plain)?.[0] ?? "";
  let stem = plain.slice(0, plain.length - ending.length);
  while (Buffer.byteLength(stem + ending) > nameBytes) stem = Array.from(stem).slice(0, -1).join("");
  return stem + ending;
}

/** @param wanted a file, a folder that is there, or nothing: in the current folder */
export async function localPath(wanted: string | undefined, name: string): Promise<string> {
  if (wanted === undefined) return resolve(name);
  const isFolder = wanted.endsWith("/") || ((await stat(wanted).catch(() => null))?.isDirectory() ?? false);
  return isFolder ? join(resolve(wanted), name) : resolve(wanted);
}
