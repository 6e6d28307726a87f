import assert from "node:assert/strict";
import type { SourceDescription } from "./describe-source.ts";
import type { PacketIndex } from "./packet-index.ts";
import type { SourceStream } from "./source-shape.ts";
import { SourceDamage } from "./source-damage.ts";
import { madeStream } from "./source-stream.fixture.ts";
import { chaptersOf, languageTag, tracksOf } from "./tracks-of.ts";

const noTags = madeStream().tags;

function described(streams: readonly SourceStream[], change: Partial<SourceDescription> = {}): SourceDescription {
  const ofType = (type: string): SourceStream[] => streams.filter((stream) => stream.codec_type === type);
  return {
    ...{ format: "mov", durationSeconds: 10, streams, video: madeStream(), timeBase: { num: 1, den: 1000 } },
    ...{ otherVideos: ofType("video"), audio: ofType("audio"), subtitles: ofType("subtitle") },
    ...{ chapters: [], undecoded: new Set<number>() },
    ...change,
  };
}

function withPackets(...streams: number[]): PacketIndex {
  return {
    ...{
      pts: null,
      keyframes: new Float64Array(),
      spans: [],
      lengths: new Map<number, number>(),
      endSeconds: 0,
      lastTicks: 0,
      startsOpen: false,
      isDoubtful: false,
    },
    counts: new Map(streams.map((stream) => [stream, 10])),
  };
}

const sound = madeStream({ index: 1, codec_type: "audio", codec_name: "aac", channels: 2, sample_rate: 48_000 });
const subtitles = madeStream({ index: 2, codec_type: "subtitle", codec_name: "subrip" });

describe("the tracks of a source", () => {
  it("have their numbers, languages and names", () => {
    const commented = { ...sound, index: 3, tags: { ...noTags, language: "ger", title: "Comments" } };
    const forced = { ...subtitles, disposition: { ...subtitles.disposition, forced: 1, hearing_impaired: 1 } };
    const { audio, text, warnings } = tracksOf(
      described([sound, commented, forced]),
      withPackets(1, 2, 3),
      new SourceDamage(false),
    );
    assert.deepEqual(
      audio.map(({ track, language, name }) => [track, language, name]),
      [
        [0, "", ""],
        [1, "de", "Comments"],
      ],
    );
    assert.deepEqual(text, [
      {
        ...{ stream: 0, codec: "subrip", language: "", name: "", forced: true, hearingImpaired: true },
        ...{ convertible: true, captions: false, defaultTrack: false },
      },
    ]);
    assert.deepEqual(warnings, []);
  });

  it("have names of people, not of programs", () => {
    const nameOf = (handler_name: string): unknown =>
      tracksOf(described([{ ...sound, tags: { ...noTags, handler_name } }]), withPackets(1), new SourceDamage(false))
        .audio[0]?.name;
    const given = ["SoundHandler", "Apple Sound Media Handler", "GPAC ISO Audio Handler", "\x1f", "Director's words"];
    assert.deepEqual(given.map(nameOf), ["", "", "", "", "Director's words"]);
  });

  it("that are empty are left out, and the others keep their numbers", () => {
    const { audio, text } = tracksOf(
      described([sound, { ...sound, index: 5 }, subtitles]),
      withPackets(5),
      new SourceDamage(false),
    );
    assert.deepEqual([audio.map(({ track }) => track), text], [[1], []]);
  });

  it("that nothing decodes are a reason to refuse, or to say so where damage is allowed", () => {
    const source = described([sound, { ...sound, index: 4, codec_name: "ac4", channels: 0 }], {
      undecoded: new Set([4]),
    });
    assert.throws(() => tracksOf(source, withPackets(1, 4), new SourceDamage(false)), {
      code: "unknown_codec",
      message: /ac4/,
    });
    const { audio, warnings } = tracksOf(source, withPackets(1, 4), new SourceDamage(true));
    assert.deepEqual([audio.length, warnings.length], [1, 1]);
  });

  it("that are pictures of text, and further videos, are spoken of", () => {
    const pictures = { ...subtitles, codec_name: "hdmv_pgs_subtitle" };
    const second = madeStream({ index: 7, width: 640, height: 360 });
    const { text, warnings } = tracksOf(described([second, pictures]), withPackets(2, 7), new SourceDamage(false));
    assert.equal(text[0]?.convertible, false);
    assert.match(warnings.join("\n"), /hdmv_pgs_subtitle.*left out\n.*2 videos.*640x360/);
  });
});

describe("the chapters of a source", () => {
  it("begin with the first frame and end with the last", () => {
    const chapters = [
      { start_time: 0, end_time: 12, tags: { title: "One" } },
      { start_time: 12, end_time: 99, tags: { title: "" } },
      { start_time: 99, end_time: 120, tags: { title: "Never" } },
    ];
    assert.deepEqual(chaptersOf(described([], { chapters }), { start: 10, duration: 5 }), [
      { startSeconds: 0, endSeconds: 2, title: "One" },
      { startSeconds: 2, endSeconds: 5, title: "" },
    ]);
  });
});

describe("a language", () => {
  it("is BCP 47, and empty when unknown", () => {
    const given = ["eng", "ger", "pt_BR", "zh-Hant", "und", "", "not a language"];
    assert.deepEqual(given.map(languageTag), ["en", "de", "pt-BR", "zh-Hant", "", "", ""]);
  });
});
