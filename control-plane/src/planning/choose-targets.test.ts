import assert from "node:assert/strict";
import type { AudioStream, TextStream } from "@vstream/core/media.ts";
import { chooseLadder } from "./choose-ladder.ts";
import {
  audioTargetsFor,
  audioTrackLimit,
  fileTargets,
  imagesTargetFor,
  textLeftOut,
  textTargetsFor,
  textTrackLimit,
} from "./choose-targets.ts";
import { buildProbe } from "./snapshot.fixture.ts";

function sound(track: number, changes: Partial<AudioStream> = {}): AudioStream {
  const said = { codec: "ac3", language: "eng", channels: 2, sampleRate: 44_100, name: "", defaultTrack: false };
  return { track, ...said, ...changes };
}

function words(stream: number, changes: Partial<TextStream> = {}): TextStream {
  const said = { codec: "subrip", language: "ger", name: "", forced: false, hearingImpaired: false };
  return { stream, ...said, convertible: true, captions: false, defaultTrack: false, ...changes };
}

describe("the audio targets of a source", () => {
  it("are stereo AAC at 48 kHz with the language in its short form", () => {
    assert.deepEqual(audioTargetsFor([sound(0, { channels: 1, name: " Main " })]), [
      {
        ...{ track: 0, stream: 0, language: "en", name: "Main", channels: 2, bitrateBps: 128_000, sampleRate: 48_000 },
        defaultTrack: true,
      },
    ]);
  });

  it("are 5.1 as well where there are more channels, after every stream's stereo", () => {
    const targets = audioTargetsFor([sound(0, { channels: 6 }), sound(2), sound(3, { channels: 8 })]);
    assert.deepEqual(
      targets.map(({ track, stream, channels }) => [track, stream, channels]),
      [
        [0, 0, 2],
        [1, 2, 2],
        [2, 3, 2],
        [3, 0, 6],
        [4, 3, 6],
      ],
    );
    assert.equal(targets.at(-1)?.bitrateBps, 384_000);
  });

  it("are stereo alone where so many channels are no places of a room", () => {
    assert.deepEqual(
      audioTargetsFor([sound(0, { channels: 16 })]).map(({ channels }) => channels),
      [2],
    );
  });

  it("leave out unknown and impossible languages", () => {
    const languages = ["und", "", "not a tag", "ger", "pt-br", "pt_BR", "zxx"].map(
      (language) => audioTargetsFor([sound(0, { language })])[0]?.language,
    );
    assert.deepEqual(languages, ["", "", "", "de", "pt-BR", "pt-BR", ""]);
  });

  it("are limited, stereo first", () => {
    const many = Array.from({ length: 12 }, (_, track) => sound(track, { channels: 6 }));
    const targets = audioTargetsFor(many);
    assert.equal(targets.length, audioTrackLimit);
    assert.deepEqual(
      targets.slice(10).map(({ channels }) => channels),
      [2, 2, 6, 6, 6, 6],
    );
    assert.deepEqual(audioTargetsFor([]), []);
  });

  it("play the stereo of the stream that is flagged as default, else of the first", () => {
    const defaultOf = (...flags: readonly boolean[]): number[] =>
      audioTargetsFor(flags.map((defaultTrack, track) => sound(track, { channels: 6, defaultTrack })))
        .filter(({ defaultTrack }) => defaultTrack)
        .map(({ track }) => track);
    assert.deepEqual(defaultOf(false, true, true), [1]);
    assert.deepEqual(defaultOf(false, false), [0]);
  });
});

describe("the text targets of a source", () => {
  it("are its tracks of text, numbered one after the other", () => {
    const streams = [words(0, { convertible: false }), words(1, { forced: true }), words(2, { name: "Director " })];
    const plain = { origin: "stream", file: 0, language: "de", hearingImpaired: false, defaultTrack: false };
    assert.deepEqual(textTargetsFor(streams, []), [
      { ...plain, track: 0, stream: 1, name: "", forced: true },
      { ...plain, track: 1, stream: 2, name: "Director", forced: false },
    ]);
  });

  it("are streams, then captions, then files, in this order", () => {
    const files = ["eng", "fr-CA"].map((language, number) => ({ number, name: `${language}.srt`, language }));
    const streams = [words(0, { captions: true }), words(0), words(1)];
    assert.deepEqual(
      textTargetsFor(streams, files).map(({ track, origin, stream, file, language }) => {
        return [track, origin, stream, file, language];
      }),
      [
        [0, "stream", 0, 0, "de"],
        [1, "stream", 1, 0, "de"],
        [2, "captions", 0, 0, "de"],
        [3, "file", 0, 0, "en"],
        [4, "file", 0, 1, "fr-CA"],
      ],
    );
  });

  it("of files that come later follow those that there are", () => {
    const present = textTargetsFor([words(0), words(1)], []);
    const [added] = fileTargets([{ number: 3, name: "late.vtt", language: "" }], present);
    assert.deepEqual([added?.track, added?.origin, added?.file, added?.language], [2, "file", 3, ""]);
  });

  it("show the one that alone is flagged as default", () => {
    const defaultsOf = (...flags: readonly boolean[]): boolean[] =>
      textTargetsFor(
        flags.map((defaultTrack, stream) => words(stream, { defaultTrack })),
        [],
      ).map(({ defaultTrack }) => defaultTrack);
    assert.deepEqual(defaultsOf(false, true), [false, true]);
    assert.deepEqual(defaultsOf(true, true), [false, false]);
  });

  it("are limited", () => {
    const many = Array.from({ length: 60 }, (_, stream) => words(stream));
    assert.equal(textTargetsFor(many, [{ number: 0, name: "a.srt", language: "" }]).length, textTrackLimit);
  });

  it("leave out streams sooner than files, and say so", () => {
    const many = Array.from({ length: 40 }, (_, stream) => words(stream, { captions: stream === 39 }));
    const targets = textTargetsFor(
      many,
      [0, 1].map((number) => ({ number, name: "a.srt", language: "" })),
    );
    assert.deepEqual(
      targets.slice(-3).map(({ track, origin, file }) => [track, origin, file]),
      [
        [29, "stream", 0],
        [30, "file", 0],
        [31, "file", 1],
      ],
    );
    assert.match(textLeftOut(many, targets) ?? "", /^10 of its tracks of text are left out/);
    assert.equal(textLeftOut(many.slice(0, 4), textTargetsFor(many.slice(0, 4), [])), null);
  });
});

describe("the images of a source", () => {
  it("come from the rung nearest to 720 lines, and from the smallest", () => {
    const { images } = chooseLadder("default", buildProbe({ width: 1920, height: 1080 }));
    assert.deepEqual([images.posterRung, images.thumbnailRung], ["720p", "234p"]);
    const small = chooseLadder("default", buildProbe({ width: 120, height: 160 })).images;
    assert.deepEqual([small.posterRung, small.thumbnailRung], ["120p", "120p"]);
  });

  it("stand further apart in a long film", () => {
    const { rungs } = chooseLadder("default", buildProbe());
    const intervals = [0.04, 3600, 3601, 4 * 3600, 4 * 3600 + 1, 86_400].map(
      (seconds) => imagesTargetFor(rungs, seconds).intervalMs,
    );
    assert.deepEqual(intervals, [5_000, 5_000, 10_000, 10_000, 30_000, 30_000]);
  });
});
