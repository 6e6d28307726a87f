import assert from "node:assert/strict";
import type { AudioStream, TextStream } from "@vstream/core/media.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { audioTargetsFor, audioTrackLimit, imagesTargetFor, textTargetsFor, textTrackLimit } from "./choose-targets.ts";
import { buildProbe } from "./snapshot.fixture.ts";

function sound(track: number, changes: Partial<AudioStream> = {}): AudioStream {
  return { track, codec: "ac3", language: "eng", channels: 2, sampleRate: 44_100, name: "", ...changes };
}

function words(stream: number, changes: Partial<TextStream> = {}): TextStream {
  const said = { codec: "subrip", language: "ger", name: "", forced: false, hearingImpaired: false };
  return { stream, ...said, convertible: true, ...changes };
}

describe("the audio targets of a source", () => {
  it("are stereo AAC at 48 kHz with the language in its short form", () => {
    assert.deepEqual(audioTargetsFor([sound(0, { channels: 1, name: " Main " })]), [
      { track: 0, stream: 0, language: "en", name: "Main", channels: 2, bitrateBps: 128_000, sampleRate: 48_000 },
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
});

describe("the text targets of a source", () => {
  it("are its tracks of text, numbered one after the other", () => {
    const streams = [words(0, { convertible: false }), words(1, { forced: true }), words(2, { name: "Director " })];
    assert.deepEqual(textTargetsFor(streams), [
      { track: 0, stream: 1, language: "de", name: "", forced: true, hearingImpaired: false },
      { track: 1, stream: 2, language: "de", name: "Director", forced: false, hearingImpaired: false },
    ]);
  });

  it("are limited", () => {
    const many = Array.from({ length: 60 }, (_, stream) => words(stream));
    assert.equal(textTargetsFor(many).length, textTrackLimit);
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
