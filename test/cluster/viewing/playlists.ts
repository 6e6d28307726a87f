// Playlists as a player reads them.

export interface Rung {
  readonly name: string;
  readonly bandwidthBps: number;
  /** Path of its media playlist on each pathway; the empty pathway where the playlist names none. */
  readonly uriByPathway: ReadonlyMap<string, string>;
  readonly audioGroupByPathway: ReadonlyMap<string, string>;
}

export interface Multivariant {
  /** The lowest first. */
  readonly rungs: readonly Rung[];
  /** The default audio of each group. */
  readonly audioUriByGroup: ReadonlyMap<string, string>;
  readonly steering: { readonly serverUri: string; readonly pathway: string } | null;
}

export interface Segment {
  readonly uri: string;
  readonly seconds: number;
  /** Its init segment. */
  readonly initUri: string;
}

export interface MediaPlaylist {
  readonly segments: readonly Segment[];
  readonly targetSeconds: number;
  readonly ended: boolean;
}

/** @throws Error when it lists nothing to play */
export function readMultivariant(text: string, url: string): Multivariant {
  const rungs = new Map<string, { bandwidthBps: number; uris: Map<string, string>; groups: Map<string, string> }>();
  const audioUriByGroup = new Map<string, string>();
  let steering: Multivariant["steering"] = null;
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    const attributes = attributesOf(line);
    if (line.startsWith("#EXT-X-CONTENT-STEERING:")) {
      const serverUri = new URL(attributes.get("SERVER-URI") ?? "", url).href;
      steering = { serverUri, pathway: attributes.get("PATHWAY-ID") ?? "." };
    } else if (line.startsWith("#EXT-X-MEDIA:")) {
      const group = attributes.get("GROUP-ID") ?? "";
      const uri = attributes.get("URI");
      const isFirst = !audioUriByGroup.has(group) || attributes.get("DEFAULT") === "YES";
      if (attributes.get("TYPE") === "AUDIO" && uri !== undefined && isFirst) {
        audioUriByGroup.set(group, new URL(uri, url).href);
      }
    } else if (line.startsWith("#EXT-X-STREAM-INF:")) {
      const name = attributes.get("STABLE-VARIANT-ID") ?? attributes.get("BANDWIDTH") ?? "";
      const pathway = attributes.get("PATHWAY-ID") ?? "";
      const rung = rungs.get(name) ?? { bandwidthBps: 0, uris: new Map(), groups: new Map() };
      rung.bandwidthBps = Number(attributes.get("BANDWIDTH"));
      rung.uris.set(pathway, new URL(lines[index + 1] ?? "", url).href);
      rung.groups.set(pathway, attributes.get("AUDIO") ?? "");
      rungs.set(name, rung);
    }
  }
  if (rungs.size === 0) throw new Error(`${url} lists no rung`);
  const listed = [...rungs].map(([name, { bandwidthBps, uris, groups }]): Rung => {
    return { name, bandwidthBps, uriByPathway: uris, audioGroupByPathway: groups };
  });
  return { rungs: listed.sort((one, other) => one.bandwidthBps - other.bandwidthBps), audioUriByGroup, steering };
}

export function readMediaPlaylist(text: string): MediaPlaylist {
  const segments: Segment[] = [];
  let targetSeconds = 6;
  let initUri = "";
  let seconds = Number.NaN;
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-TARGETDURATION:")) targetSeconds = Number(line.split(":")[1]);
    else if (line.startsWith("#EXT-X-MAP:")) initUri = attributesOf(line).get("URI") ?? "";
    else if (line.startsWith("#EXTINF:")) seconds = Number.parseFloat(line.slice("#EXTINF:".length));
    else if (line !== "" && !line.startsWith("#")) segments.push({ uri: line, seconds, initUri });
  }
  if (!text.startsWith("#EXTM3U")) throw new Error("not a playlist");
  return { segments, targetSeconds, ended: /^#EXT-X-ENDLIST/m.test(text) };
}

function attributesOf(line: string): Map<string, string> {
  const pairs = line.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g);
  return new Map([...pairs].map(([, name = "", inQuotes, plain]) => [name, inQuotes ?? plain ?? ""]));
}
