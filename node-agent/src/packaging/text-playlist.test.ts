import assert from "node:assert/strict";
import { parse } from "hls-parser";
import type { types } from "hls-parser";
import { mostSubtitleFiles } from "@vstream/core/subtitle-file.ts";
import { videoPlaylist } from "./media-playlist.ts";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { sampleManifest, sampleTextPiece, sampleTextTarget } from "./sample-manifest.fixture.ts";
import { textPlaylist, textSlice } from "./text-playlist.ts";

const announced = sampleManifest({ text: [sampleTextTarget(0)] });

function mediaLines(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("#EXT-X-MEDIA:TYPE=SUBTITLES"));
}

describe("a text playlist", () => {
  it("reads as written down while the asset grows, whether the track is converted or not", () => {
    const text = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-START:TIME-OFFSET=0
#EXTINF:6.000000,
0/0.vtt
#EXTINF:6.000000,
0/1.vtt
`;
    assert.equal(textPlaylist(announced, 0), text);
    assert.equal(textPlaylist({ ...announced, extras: [sampleTextPiece(0)] }, 0), text);
  });

  it("has the durations of the video, and ends with it", () => {
    const whole = sampleManifest({ complete: true, releasedChunks: 4, text: [sampleTextTarget(3)] });
    const text = parse(textPlaylist(whole, 3) ?? "") as types.MediaPlaylist;
    const video = parse(videoPlaylist(whole, "360p") ?? "") as types.MediaPlaylist;
    assert.equal(text.playlistType, "VOD");
    assert.ok(text.endlist);
    assert.equal(text.targetDuration, video.targetDuration);
    assert.deepEqual(
      text.segments.map(({ duration }) => duration),
      video.segments.map(({ duration }) => duration),
    );
  });

  it("is there for the tracks that are announced", () => {
    assert.equal(textPlaylist(announced, mostSubtitleFiles), null);
  });

  it("stays for a track that was given up, whose players would take its end for that of playing", () => {
    const stream = { stream: 0, codec: "subrip", language: "en", name: "", forced: false, hearingImpaired: false };
    const probe = {
      ...announced.probe,
      text: [{ ...stream, convertible: true, captions: false, defaultTrack: false }],
    };
    const givenUp = { ...announced, text: [], probe };
    assert.equal(textPlaylist(givenUp, 0), textPlaylist(announced, 0));
    assert.equal(textPlaylist(givenUp, mostSubtitleFiles), textPlaylist(announced, 0)?.replace(/^0\//gm, "16/"));
    assert.equal(textPlaylist(givenUp, 1 + mostSubtitleFiles), null);
    assert.doesNotMatch(multivariantPlaylist(givenUp), /SUBTITLES/);
  });

  it("has segments that know their chunk and time", () => {
    assert.deepEqual(textSlice(announced, 1), { chunk: 1, startSeconds: 6, endSeconds: 12 });
    assert.equal(textSlice(announced, 2), null);
  });
});

describe("text tracks in the multivariant playlist", () => {
  it("read as written down, and every variant has them", () => {
    const text = [
      sampleTextTarget(0),
      sampleTextTarget(1, { language: "de", hearingImpaired: true }),
      sampleTextTarget(2, { forced: true, name: "Signs" }),
    ];
    const playlist = multivariantPlaylist(sampleManifest({ text }));
    assert.deepEqual(mediaLines(playlist), [
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",LANGUAGE="en",NAME="English",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,STABLE-RENDITION-ID="text-0",URI="text/0.m3u8"',
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",LANGUAGE="de",NAME="German (SDH)",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",STABLE-RENDITION-ID="text-1",URI="text/1.m3u8"',
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",LANGUAGE="en",NAME="Signs",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,STABLE-RENDITION-ID="text-2",URI="text/2.m3u8"',
    ]);
    const { variants } = parse(playlist) as types.MasterPlaylist;
    assert.deepEqual(
      variants.map(({ subtitles }) => subtitles.map(({ uri }) => uri)),
      Array<string[]>(2).fill(["text/0.m3u8", "text/1.m3u8", "text/2.m3u8"]),
    );
  });

  it("have a language even where none is known, as they must", () => {
    const text = [sampleTextTarget(0, { language: "und" })];
    assert.match(
      mediaLines(multivariantPlaylist(sampleManifest({ text })))[0] ?? "",
      /LANGUAGE="qaa",NAME="Subtitles 1"/,
    );
  });

  it("have names that differ, in which nothing is left that a playlist or XML cannot hold", () => {
    const names = ["A\u0000\u2028B", "A B", "e\u0301", `${String.fromCharCode(0xd800)}x`, "", "", "n".repeat(300)];
    const text = names.map((name, track) => sampleTextTarget(track, { name }));
    const told = mediaLines(multivariantPlaylist(sampleManifest({ text }))).map(
      (line) => /NAME="(.*?)"/.exec(line)?.[1],
    );
    assert.deepEqual(told, ["A B", "A B (2)", "\u00e9", "\uFFFDx", "English", "English (2)", "n".repeat(100)]);
  });

  it("are on where the source has one so", () => {
    const text = [sampleTextTarget(0), sampleTextTarget(1, { defaultTrack: true })];
    const told = mediaLines(multivariantPlaylist(sampleManifest({ text })));
    assert.match(told[0] ?? "", /DEFAULT=NO,AUTOSELECT=NO/);
    assert.match(told[1] ?? "", /DEFAULT=YES,AUTOSELECT=YES/);
  });

  it("have a group for each pathway", () => {
    const pathways = ["noA", "noB"].map((id) => ({ id, base: id === "noA" ? "" : "http://b.example/v/as1/" }));
    const manifest = sampleManifest({ text: [sampleTextTarget(0)] });
    const playlist = multivariantPlaylist(manifest, { serverUri: "../../steering/as1", pathways });
    assert.deepEqual(
      mediaLines(playlist).map((line) => [/GROUP-ID="(.*?)"/.exec(line)?.[1], /URI="(.*?)"/.exec(line)?.[1]]),
      [
        ["text-noA", "text/0.m3u8"],
        ["text-noB", "http://b.example/v/as1/text/0.m3u8"],
      ],
    );
    assert.match(mediaLines(playlist)[1] ?? "", /PATHWAY-ID="noB"/);
    assert.equal(playlist.match(/STREAM-INF.*PATHWAY-ID="noB",AUDIO="audio-noB",SUBTITLES="text-noB"/g)?.length, 2);
  });
});
