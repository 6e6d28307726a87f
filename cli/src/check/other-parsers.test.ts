import assert from "node:assert/strict";
import { makeSampleStream } from "@vstream/authoring/testing/sample-stream.fixture.ts";
import type { SampleFiles } from "@vstream/authoring/testing/sample-stream.fixture.ts";
import { compareParsers } from "./other-parsers.ts";

describe("other authors' parsers", function () {
  this.timeout(60_000);
  let files: SampleFiles;
  before(async () => {
    files = await makeSampleStream();
  });
  const textOf = (path: string): string => files.get(path)?.toString() ?? assert.fail(path);
  const compare = (path: string, change: (text: string) => string = (text) => text): string[] => {
    const before = textOf(path);
    const after = change(before);
    return compareParsers(after, `http://h/v/as/${path}`).map(({ rule, message }) => `${rule}: ${message}`);
  };

  it("read every playlist of a stream that keeps the rules as ours does", () => {
    const playlists = [...files.keys()].filter((path) => path.endsWith(".m3u8"));
    assert.ok(playlists.length > 7);
    for (const path of playlists) assert.deepEqual(compare(path), [], path);
  });

  it("are heard when one does not take what ours does", () => {
    const twice = (text: string): string => text.replace("#EXT-X-VERSION:7", "#EXT-X-VERSION:7\n#EXT-X-VERSION:6");
    assert.match(compare("video/v180.m3u8", twice).join("\n"), /^RFC 8216bis 4\.1: hls-parser does not take it: .*one/);
  });

  it("are heard when one reads something else", () => {
    assert.deepEqual(
      compare("video/v180.m3u8", (text) => text.replace("TYPE:VOD", "TYPE:ANY")),
      ['RFC 8216bis 4.1: m3u8-parser reads "target 6, type none, ended", where "target 6, type ANY, ended" is due'],
    );
  });

  it("are not asked about what ours finds malformed", () => {
    assert.deepEqual(
      compare("audio/de.m3u8", (text) => text.replace("#EXTM3U", "#EXTM3")),
      [],
    );
  });
});
