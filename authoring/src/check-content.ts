// Holds a complete stream against the rules on its content, wherever its files come from: a store as well as a server.
import { checkStream } from "./check-stream.ts";
import { FindingList, finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { checkMpd } from "./mpd-rules.ts";
import { parseMpd } from "./parse-mpd.ts";
import { StreamReader } from "./stream-reader.ts";
import type { StreamFiles } from "./stream-reader.ts";

export interface ContentCheck {
  /** What it has not is found to be missing here: it need not tell. */
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
  const told = tellingWhatIsMissing(files, findings);
  const reader = new StreamReader({ files: told, findings, filesAtOnce, quick: false, onlyOrigin: null, onRead });
  const stream = await reader.readStream(url);
  if (stream === null) return findings.kept;
  findings.add(checkStream(stream));
  if (mpd !== null) findings.add(checkMpd(parseMpd(mpd.text, mpd.url), mpd.url, stream));
  return findings.kept;
}

// What nobody could read is checked by no rule: it must not pass for what keeps them all.
function tellingWhatIsMissing(files: StreamFiles, findings: FindingList): StreamFiles {
  const told = <Content>(what: string, url: string, content: Content | null): Content | null => {
    if (content === null) findings.add([finding("Readable", url, `there is no such ${what}`)]);
    return content;
  };
  return {
    readPlaylist: async (url) => told("playlist", url, await files.readPlaylist(url)),
    readInit: async (ref) => told("init segment", ref.url, await files.readInit(ref)),
    readText: async (ref) => told("file of text", ref.url, await files.readText(ref)),
    scanSegment: async (ref, scan) => told("segment", ref.url, (await files.scanSegment(ref, scan)) || null) !== null,
  };
}
