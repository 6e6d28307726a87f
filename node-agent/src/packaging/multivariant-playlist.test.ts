import assert from "node:assert/strict";
import { parse, setOptions } from "hls-parser";
import type { types } from "hls-parser";
import { multivariantPlaylist } from "./multivariant-playlist.ts";
import { sampleAudio, sampleHevc, sampleManifest, sampleRendition } from "./sample-manifest.fixture.ts";

const steering = {
  serverUri: "../../steering/as1?known=noA-noB",
  pathways: [
    { id: "noA", base: "" },
    { id: "noB", base: "http://b.example:7800/v/as1/" },
  ],
};

function mediaLines(languages: readonly string[]): string[] {
  const audio = languages.map((language, track) => sampleAudio(track, language));
  return multivariantPlaylist(sampleManifest({ audio }))
    .split("\n")
    .filter((line) => line.startsWith("#EXT-X-MEDIA:"));
}

describe("the multivariant playlist", () => {
  it("reads as written down", () => {
    assert.equal(
      multivariantPlaylist(sampleManifest()),
      `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",LANGUAGE="en",NAME="English",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",STABLE-RENDITION-ID="audio-0",URI="audio/0.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1350000,AVERAGE-BANDWIDTH=900000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=24.000,VIDEO-RANGE=SDR,CLOSED-CAPTIONS=NONE,STABLE-VARIANT-ID="360p",AUDIO="audio"
video/360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=450000,AVERAGE-BANDWIDTH=300000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=416x234,FRAME-RATE=24.000,VIDEO-RANGE=SDR,CLOSED-CAPTIONS=NONE,STABLE-VARIANT-ID="234p",AUDIO="audio"
video/234p.m3u8
`,
    );
  });

  it("lists the variant near 2000 kb/s first, then the others by rate", () => {
    const renditions = [6_000_000, 2_100_000, 365_000, 3_000_000].map((rate) =>
      sampleRendition(`r${String(rate)}`, 640, 360, rate),
    );
    const playlist = parse(multivariantPlaylist(sampleManifest({ renditions }))) as types.MasterPlaylist;
    assert.deepEqual(
      playlist.variants.map((variant) => variant.averageBandwidth),
      [2_100_000, 365_000, 3_000_000, 6_000_000],
    );
  });

  it("never says that there are no pictures, however slowly they come", () => {
    const said = [24000 / 1001, 1 / 35, 1 / 2400].map((frameRate) => {
      const renditions = [{ ...sampleRendition("360p", 640, 360, 900_000), frameRate }];
      return /FRAME-RATE=[^,]+/.exec(multivariantPlaylist(sampleManifest({ renditions })))?.[0];
    });
    assert.deepEqual(said, ["FRAME-RATE=23.976", "FRAME-RATE=0.029", "FRAME-RATE=0.001"]);
  });

  it("tells what looks best of I-frames too, as a strict parser wants it", () => {
    const [large, small] = sampleManifest().renditions;
    const complete = sampleManifest({
      complete: true,
      releasedChunks: 4,
      renditions: [large!, sampleHevc(small!, "SDR")],
    });
    setOptions({ strictMode: true });
    const playlist = parse(multivariantPlaylist(complete)) as types.MasterPlaylist;
    setOptions({ strictMode: false });
    assert.deepEqual(
      playlist.variants.map(({ uri, score }) => [uri, score]),
      [
        ["video/360p.m3u8", 2],
        ["video/234p-hevc.m3u8", 1],
        ["iframes/360p.m3u8", 2],
      ],
    );
  });

  it("tells codecs, ranges and what looks best, and lists first what every player can show", () => {
    const plain = sampleRendition("540p", 960, 540, 1_900_000);
    const renditions = [sampleHevc(plain, "PQ"), sampleHevc(plain, "SDR"), plain, sampleRendition("360p", 640, 360, 1)];
    setOptions({ strictMode: true });
    const playlist = parse(multivariantPlaylist(sampleManifest({ renditions }))) as types.MasterPlaylist;
    setOptions({ strictMode: false });
    assert.deepEqual(
      playlist.variants.map(({ uri, codecs, score, videoRange }) => [uri, codecs?.slice(0, 6), score, videoRange]),
      [
        ["video/540p.m3u8", "avc1.6", 2, "SDR"],
        ["video/360p.m3u8", "avc1.6", 1, "SDR"],
        ["video/540p-hdr.m3u8", "hvc1.2", 4, "PQ"],
        ["video/540p-hevc.m3u8", "hvc1.1", 3, "SDR"],
      ],
    );
  });

  it("names a codec once when the rendition's codecs hold the audio's already", () => {
    const renditions = [{ ...sampleRendition("360p", 640, 360, 1), codecs: "avc1.64001e,mp4a.40.2" }];
    assert.match(multivariantPlaylist(sampleManifest({ renditions })), /CODECS="avc1.64001e,mp4a.40.2"/);
  });

  it("leaves out languages that are unknown or no BCP 47 tag", () => {
    for (const line of mediaLines(["", "und", "not a language"])) assert.doesNotMatch(line, /LANGUAGE=/);
  });

  it("gives each audio track a name of its own and lets players choose only among distinct ones", () => {
    const lines = mediaLines(["en", "de", "en"]);
    assert.deepEqual(
      lines.map((line) => /NAME="([^"]*)"/.exec(line)?.[1]),
      ["English", "German", "English (2)"],
    );
    assert.deepEqual(
      lines.map((line) => /AUTOSELECT=(\w+)/.exec(line)?.[1]),
      ["YES", "YES", "NO"],
    );
    assert.equal(lines.filter((line) => line.includes("DEFAULT=YES")).length, 1);
  });

  it("says nothing of audio when there is none", () => {
    assert.doesNotMatch(multivariantPlaylist(sampleManifest({ audio: [] })), /AUDIO|mp4a/);
  });

  it("lets nothing out of a quoted string", () => {
    const renditions = [{ ...sampleRendition("360p", 640, 360, 1), codecs: 'a"b\n#EXT-X-EVIL' }];
    const text = multivariantPlaylist(sampleManifest({ renditions }));
    assert.match(text, /CODECS="a'b #EXT-X-EVIL,mp4a\.40\.2"/);
    assert.doesNotMatch(text, /^#EXT-X-EVIL/m);
  });

  it("lists everything once for each pathway, the first one's first, with groups of its own and the same stable ids", () => {
    const lines = multivariantPlaylist(sampleManifest(), steering).split("\n");
    assert.equal(lines[3], '#EXT-X-CONTENT-STEERING:SERVER-URI="../../steering/as1?known=noA-noB",PATHWAY-ID="noA"');
    assert.deepEqual(
      lines.filter((line) => line.startsWith("#EXT-X-MEDIA:")).map((line) => /GROUP-ID=.*?,|STABLE.*/g.exec(line)?.[0]),
      ['GROUP-ID="audio-noA",', 'GROUP-ID="audio-noB",'],
    );
    const variants = lines.flatMap((line, at) =>
      line.startsWith("#EXT-X-STREAM-INF:") ? [[/STABLE.*/.exec(line)?.[0], lines[at + 1]]] : [],
    );
    assert.deepEqual(variants, [
      ['STABLE-VARIANT-ID="360p",PATHWAY-ID="noA",AUDIO="audio-noA"', "video/360p.m3u8"],
      ['STABLE-VARIANT-ID="234p",PATHWAY-ID="noA",AUDIO="audio-noA"', "video/234p.m3u8"],
      ['STABLE-VARIANT-ID="360p",PATHWAY-ID="noB",AUDIO="audio-noB"', "http://b.example:7800/v/as1/video/360p.m3u8"],
      ['STABLE-VARIANT-ID="234p",PATHWAY-ID="noB",AUDIO="audio-noB"', "http://b.example:7800/v/as1/video/234p.m3u8"],
    ]);
  });

  it("keeps the same attributes on every pathway, as a strict parser reads them", () => {
    setOptions({ strictMode: true });
    const audio = [sampleAudio(0, "en"), sampleAudio(1, "de")];
    const text = multivariantPlaylist(sampleManifest({ audio }), steering);
    const { variants } = parse(text) as types.MasterPlaylist;
    setOptions({ strictMode: false });
    assert.equal(variants.length, 4);
    const told = ({ bandwidth, codecs, resolution, audio: tracks }: types.Variant): unknown => [
      ...[bandwidth, codecs, resolution],
      tracks.map(({ name, language, isDefault, autoselect }) => [name, language, isDefault, autoselect]),
    ];
    assert.deepEqual(variants.slice(2).map(told), variants.slice(0, 2).map(told));
    assert.deepEqual(
      variants.map((variant) => variant.audio.map((track) => track.uri)),
      [
        ...Array<string[]>(2).fill(["audio/0.m3u8", "audio/1.m3u8"]),
        ...Array<string[]>(2).fill([
          "http://b.example:7800/v/as1/audio/0.m3u8",
          "http://b.example:7800/v/as1/audio/1.m3u8",
        ]),
      ],
    );
  });
});
