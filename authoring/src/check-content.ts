// Holds a complete stream against the rules on its content, wherever its files come from: a store as well as a server.
import { checkStream } from "./check-stream.ts";
import { FindingList } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { checkMpd } from "./mpd-rules.ts";
import { parseMpd } from "./parse-mpd.ts";
import { StreamReader } from "./stream-reader.ts";
import type { StreamFiles } from "./stream-reader.ts";

export interface ContentCheck {
  readonly files: StreamFiles;
  /** Of the multivariant playlist. */
  readonly url: string;
  /** With the text of the MPD; null: there is none. */
  readonly mpd: { readonly url: string; readonly text: string } | null;
  /** Files that are read at one time: each takes some memory. */
  readonly filesAtOnce: number;
  readonly onRead: (read: number, known: number) => void;
}

/** MUST rules first; of each rule the first places. */
export async function checkContent({ files, url, mpd, filesAtOnce, onRead }: ContentCheck): Promise<Finding[]> {
  const findings = new FindingList();
  const reader = new StreamReader({ files, findings, filesAtOnce, quick: false, onlyOrigin: null, onRead });
  const stream = await reader.readStream(url);
  if (stream === null) throw new Error(`there is no playlist at ${url}`);
  findings.add(checkStream(stream));
  if (mpd !== null) findings.add(checkMpd(parseMpd(mpd.text, mpd.url), mpd.url, stream));
  return findings.kept;
}
