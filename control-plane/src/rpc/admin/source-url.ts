// A URL that a node is to fetch a source from: checked and brought to one form before it is kept. Nobody's password is
// ever kept.
import { VsError } from "@vstream/core/errors.ts";

const sourceUrlLength = 4_096;

const schemes = ["http:", "https:", "s3:"];

/**
 * The URL without its fragment. @throws VsError invalid_argument that says what is wrong with it; the URL itself is not
 * repeated, since it may hold a password
 */
export function sourceUrlFrom(text: string): string {
  const url = parse(text);
  if (!schemes.includes(url.protocol)) throw wrong("is none of http://, https:// and s3://");
  if (url.username !== "" || url.password !== "") {
    throw wrong("holds a user name or password, which would be kept in the catalog", {
      hint: "Fetch the file yourself and ingest it from standard input, or use a URL that is signed for a while",
    });
  }
  if (url.protocol === "s3:") checkObject(url);
  url.hash = "";
  if (url.href.length > sourceUrlLength) throw wrong(`is longer than ${String(sourceUrlLength)} characters`);
  return url.href;
}

/** The URL for people: what follows "?" may be a signature. */
export function shownUrl(url: string): string {
  const shown = new URL(url);
  shown.search = "";
  return shown.href;
}

/** What the file is called, by the URL's last part that is not empty; else its host. */
export function sourceNameOf(url: string): string {
  const { pathname, hostname } = new URL(url);
  const name = decoded(pathname.split("/").findLast((part) => part !== "") ?? "");
  return name === "" ? hostname : name;
}

function parse(text: string): URL {
  if (text.length > sourceUrlLength) throw wrong(`is longer than ${String(sourceUrlLength)} characters`);
  const url = URL.parse(text);
  if (url === null) throw wrong("is no URL");
  return url;
}

// In a key, both marks are letters like others.
function checkObject(url: URL): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.host))
    throw wrong("does not begin with s3:// and a bucket's name");
  if (url.search !== "" || url.hash !== "") throw wrong('holds "?" or "#": write %3F or %23 in the key of an object');
  if (url.pathname === "" || url.pathname.endsWith("/")) throw wrong("names no object: s3://BUCKET/KEY");
  if (/%(?![0-9A-Fa-f]{2})/.test(url.pathname)) throw wrong('holds "%" in the key of an object: write %25');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll(/[\p{Cc}/\\]/gu, "_");
  } catch {
    return part;
  }
}

function wrong(why: string, options: { hint?: string } = {}): VsError {
  return new VsError("invalid_argument", `the source's URL ${why}`, options);
}
