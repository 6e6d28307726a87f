// For tests: damages of how a stream is delivered, each to break one rule.
import { allPlaylists, edit, everywhere, index } from "@vstream/authoring/testing/edit-files.fixture.ts";
import type { Damage, Edit } from "@vstream/authoring/testing/edit-files.fixture.ts";
import type { ServedStream } from "./sample-server.fixture.ts";

export type DamagedDelivery = Omit<Damage, "damage"> & { readonly damage: (stream: ServedStream) => void };

const event: Edit = (text) => text.replace("TYPE:VOD", "TYPE:EVENT").replace("#EXT-X-ENDLIST\n", "");

export const damagedDelivery: readonly DamagedDelivery[] = [
  {
    rule: "Apple 8.18",
    what: "a redirect",
    damage: (stream) => {
      stream.answer = (path, response) => {
        if (path === "v144-1.m4s") response.writeHead(302, { location: "/elsewhere.m4s" }).end();
        return path === "v144-1.m4s";
      };
    },
  },
  { rule: "Apple 10.1", what: "playlists as they are", damage: (stream) => void (stream.gzip = false) },
  { rule: "Apple 10.2", what: "one copy", damage: onePathway },
  {
    rule: "Apple 10.4",
    what: "files of no type",
    damage: (stream) => {
      stream.types = { ...stream.types, m4s: "application/octet-stream" };
    },
  },
  { rule: "Apple 12.1", what: "TLS 1.1", damage: (stream) => void (stream.tlsVersion = "TLSv1.1") },
  {
    rule: "RFC 8216bis 6.2.1",
    what: "a growing playlist that changes",
    damage: (stream) => {
      everywhere(allPlaylists, event)(stream.files);
      changing(stream);
    },
  },
  {
    rule: "RFC 8216bis 7.2",
    what: "a steering manifest of another version",
    damage: ({ files }) => {
      edit("steering", (text) => text.replace('"VERSION":1', '"VERSION":2'))(files);
    },
  },
  {
    rule: "RFC 8216bis 7.2",
    what: "pathways that do not exist",
    damage: ({ files }) => {
      edit("steering", (text) => text.replace('["one","two"]', '["three"]'))(files);
    },
  },
  { rule: "RFC 9110 8.8.3", what: "one tag for two encodings", damage: (stream) => void (stream.tag = () => '"same"') },
  { rule: "RFC 9110 12.5.5", what: "no Vary", damage: (stream) => void (stream.vary = false) },
  { rule: "Readable", what: "a segment that is not there", damage: (stream) => void stream.files.delete("de-1.m4s") },
  { rule: "Readable", what: "a server without ranges", damage: (stream) => void (stream.ranges = false) },
];

function onePathway(stream: ServedStream): void {
  index((text) =>
    text
      .split("\n")
      .filter((line) => !/"two"|-two"|^two\/|CONTENT-STEERING/.test(line))
      .join("\n"),
  )(stream.files);
}

/** From its third answer on, a playlist names another first segment. */
function changing(stream: ServedStream): void {
  let asked = 0;
  stream.answer = (path) => {
    if (path !== "audio/de.m3u8") return false;
    asked += 1;
    if (asked === 5) edit(path, (text) => text.replace("de-0.m4s", "de-1.m4s"))(stream.files);
    return false;
  };
}
