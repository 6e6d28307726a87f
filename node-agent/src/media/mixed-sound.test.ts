import assert from "node:assert/strict";
import type { AudioTarget } from "@vstream/core/media.ts";
import { joinSegments, makeSource, openFolder, patienceMs, probeLines } from "./trial-media.fixture.ts";
import { encodeTrack, filmClock, hear, stereo, surround, toneIn, toneOf, tones } from "./trial-sound.fixture.ts";
import type { Folder } from "./trial-sound.fixture.ts";

async function heardFrom(
  made: readonly string[],
  { folder, name = "source.wav", target = stereo }: { folder: Folder; name?: string; target?: AudioTarget },
): Promise<Float32Array[]> {
  const sourcePath = folder.path(name);
  await makeSource([...made, sourcePath]);
  return await hear(await encodeTrack({ sourcePath, folder, timeline: filmClock(3), target }), folder);
}

/** The amplitude of the n-th source channel's tone in what is heard. */
function shares(channel: Float32Array, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.round(toneIn(channel, toneOf(index)) * 100) / 100);
}

describe("sound of other channels", function () {
  this.timeout(patienceMs);

  it("is as loud on both sides when there is one, and stays what it is when there are two", async () => {
    await using folder = await openFolder();
    const mono = await heardFrom(tones("mono", { channels: 1 }), { folder });
    assert.deepEqual(
      mono.map((side) => shares(side, 1)),
      [[0.5], [0.5]],
    );
    const both = await heardFrom(tones("stereo", { channels: 2 }), { folder });
    assert.deepEqual(
      both.map((side) => shares(side, 2)),
      [
        [0.5, 0],
        [0, 0.5],
      ],
    );
  });

  it("keeps speech in the centre, and leaves out low frequency effects", async () => {
    await using folder = await openFolder();
    // 1.4142 / (1 + 0.7071 + 0.7071) of it: 0.2929 at the sides, 0.2071 from the centre and the back.
    for (const [layout, name] of [
      ["5.1", "a.wav"],
      ["5.1(side)", "b.mkv"],
    ] as const) {
      const codec = name.endsWith("mkv") ? ["-c:a", "flac"] : [];
      const [left, right] = await heardFrom([...tones(layout, { channels: 6 }), ...codec], { folder, name });
      assert.deepEqual(shares(left!, 6), [0.29, 0, 0.21, 0, 0.21, 0], layout);
      assert.deepEqual(shares(right!, 6), [0, 0.29, 0.21, 0, 0, 0.21], layout);
    }
  });

  it("is mixed from every layout, known or not", async () => {
    await using folder = await openFolder();
    for (const [layout, channels] of [
      ["2.1", 3],
      ["3.0", 3],
      ["quad", 4],
      ["4.0", 4],
      ["5.0", 5],
      ["6.1", 7],
      ["7.1", 8],
      ["7.1(wide)", 8],
      ["hexadecagonal", 16],
    ] as const) {
      const [left, right] = await heardFrom(tones(layout, { channels, level: 0.3 }), { folder, name: "a.wav" });
      assert.ok(toneIn(left!, toneOf(0)) > 0.1 && toneIn(right!, toneOf(1)) > 0.1, layout);
      assert.ok(toneIn(left!, toneOf(1)) < 0.01 && toneIn(right!, toneOf(0)) < 0.01, layout);
    }
  });

  it("is the first two of many that nobody places", async () => {
    await using folder = await openFolder();
    await makeSource([...tones("hexadecagonal", { channels: 16 }), "-f", "s16le", folder.path("bare")]);
    const placeless = ["-f", "s16le", "-ar", "48000", "-channels", "16", "-guess_layout_max", "0"];
    const many = [...placeless, "-i", folder.path("bare"), "-c:a", "copy"];
    const [left, right] = await heardFrom(many, { folder, name: "many.mkv" });
    assert.deepEqual(shares(left!, 6), [0.5, 0, 0, 0, 0, 0]);
    assert.deepEqual(shares(right!, 6), [0, 0.5, 0, 0, 0, 0]);
  });

  it("never goes over full scale by mixing", async () => {
    await using folder = await openFolder();
    const loud = Array.from({ length: 8 }, () => "sin(2*PI*500*t)").join("|");
    const made = ["-f", "lavfi", "-i", `aevalsrc=exprs='${loud}':c=7.1:s=48000:d=3`, "-c:a", "pcm_f32le"];
    const [left] = await heardFrom(made, { folder });
    const peak = left!.subarray(48_000, 96_000).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.ok(peak > 0.9 && peak < 1.02, `${peak}`);
    // The limiter turns it down, and does not cut it off: it is still the one tone.
    const harmonics = [2, 3, 5].map((times) => toneIn(left!, 500 * times));
    assert.ok(Math.max(...harmonics) < 0.01, harmonics.join(" "));
  });

  it("differs from the source by no more than the codec's noise", async () => {
    await using folder = await openFolder();
    const [left] = await heardFrom(tones("stereo", { channels: 2 }), { folder });
    let [signal, noise] = [0, 0];
    for (let at = 48_000; at < 96_000; at += 1) {
      const wanted = 0.5 * Math.sin((2 * Math.PI * toneOf(0) * at) / 48_000);
      signal += wanted ** 2;
      noise += ((left![at] ?? 0) - wanted) ** 2;
    }
    const decibels = 10 * Math.log10(signal / noise);
    // As much as ffmpeg's encoder adds to the same tones when run by itself: 28 dB.
    assert.ok(decibels > 25, `${decibels} dB`);
  });

  it("keeps six channels where they are, and says so", async () => {
    await using folder = await openFolder();
    for (const [layout, channels, places] of [
      ["5.1", 6, [0, 1, 2, 3, 4, 5]],
      ["5.1(side)", 6, [0, 1, 2, 3, 4, 5]],
      ["quad", 4, [0, 1, 4, 5]],
      ["7.1", 8, [0, 1, 2, 3, 4, 5, 4, 5]],
    ] as const) {
      const sourcePath = folder.path("six.wav");
      await makeSource([...tones(layout, { channels, level: 0.4 }), "-c:a", "pcm_s16le", sourcePath]);
      const made = await encodeTrack({ sourcePath, folder, timeline: filmClock(3), target: surround });
      const heard = await hear(made, folder);
      for (const [index, place] of places.entries()) {
        const loudness = heard.map((channel) => toneIn(channel, toneOf(index)));
        assert.equal(loudness.indexOf(Math.max(...loudness)), place, `${layout} ${index}: ${loudness.join(" ")}`);
        assert.ok(Math.max(...loudness) > 0.2, `${layout} ${index}: ${loudness.join(" ")}`);
      }
      const path = folder.path("six.mp4");
      await joinSegments(path, made.paths);
      const said = await probeLines(path, ["-show_entries", "stream=channels,channel_layout"]);
      assert.deepEqual(said, [["6", "5.1"]]);
    }
  });
});
