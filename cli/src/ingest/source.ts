// What `vsctl ingest` is given to take in: files, URLs that a node fetches from, and standard input.
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { VsError } from "@vstream/core/errors.ts";

export type SourceName =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "url"; readonly url: URL }
  | { readonly kind: "stdin" };

export interface NamedSource {
  /** As it was typed. */
  readonly text: string;
  readonly name: SourceName;
}

/** Bytes that this machine has and sends to a node. */
export interface Source extends AsyncDisposable {
  /** For people. */
  readonly path: string;
  /** What the asset's source is called. */
  readonly name: string;
  readonly bytes: number;
  /**
   * SHA-256 of all of it, as 64 hexadecimal digits.
   * @throws VsError source_changed, source_unreadable
   */
  hash(options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<string>;
  /**
   * A copy of the bytes from `start` up to `end`.
   * @throws VsError source_changed, source_unreadable
   */
  read(start: number, end: number): Promise<Buffer>;
}

const fetched = ["http:", "https:", "s3:"];

/** @throws VsError usage for a URL that nodes cannot fetch from */
export function nameSource(text: string): SourceName {
  if (text === "-") return { kind: "stdin" };
  // A file may be called anything.
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || existsSync(text)) return { kind: "file", path: text };
  const url = URL.parse(text);
  if (url === null || url.host === "") {
    throw new VsError("usage", `${text} is not a URL`, { hint: "Check how it is written" });
  }
  if (fetched.includes(url.protocol)) return { kind: "url", url };
  const hint =
    url.protocol === "file:"
      ? "Name the file itself, without file://"
      : "Sources are files, http, https and s3 URLs, and -";
  throw new VsError("usage", `nothing can be ingested from ${url.protocol}//`, { hint });
}

/** What some flags say is of one asset, and standard input comes once. @throws VsError usage */
export function assertOneNamed(
  sources: readonly NamedSource[],
  flags: Readonly<Record<"title" | "external-id" | "subtitle", string | string[] | undefined>>,
): void {
  if (sources.length < 2) return;
  const named = (["title", "external-id", "subtitle"] as const).find((flag) => flags[flag] !== undefined);
  if (named !== undefined) {
    throw new VsError("usage", `--${named} is for one source, and these are ${sources.length}`, {
      hint: "Ingest them one by one",
    });
  }
  if (sources.filter(({ name }) => name.kind === "stdin").length < 2) return;
  throw new VsError("usage", "standard input can be ingested once", { hint: "Write - once" });
}

/** What an asset's source, and its bar, are called: never with what follows a URL's path, which may be a secret. */
export function sourceNameOf(source: SourceName): string {
  switch (source.kind) {
    case "stdin":
      return "stdin";
    case "file":
      return basename(source.path);
    case "url":
      return lastOfPath(source.url) || source.url.host;
  }
}

/** A file's name without its ending. */
export function titleFrom(sourceName: string): string {
  return basename(sourceName, /\.[A-Za-z0-9]{1,5}$/.exec(sourceName)?.[0] ?? "");
}

function lastOfPath({ pathname }: URL): string {
  const last = pathname.split("/").findLast((part) => part !== "") ?? "";
  try {
    return basename(decodeURIComponent(last));
  } catch {
    return last;
  }
}
