import assert from "node:assert/strict";
import { SoundTrack } from "./lay-sound.ts";
import type { SoundBlock } from "./lay-sound.ts";

const form = { channels: 1, sampleRate: 1000, samples: 1000 };

function block(at: number, values: readonly number[]): SoundBlock {
  return { at, bytes: Buffer.from(Float32Array.from(values).buffer) };
}

function ramp(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function lay(blocks: readonly SoundBlock[], samples = form.samples, channels = 1): number[] {
  const track = new SoundTrack({ ...form, samples, channels });
  const parts = [...blocks.flatMap((each) => [...track.lay(each)]), ...track.finish()];
  const bytes = Buffer.concat(parts);
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)];
}

describe("laying sound on a track", () => {
  it("keeps what follows without a gap as it is, and is silent after it", () => {
    const laid = lay([block(0, ramp(1, 100)), block(100, ramp(101, 100))]);
    assert.deepEqual(laid, [...ramp(1, 200), ...ramp(0, 800).fill(0)]);
  });

  it("is silent until a late start", () => {
    assert.deepEqual(lay([block(3, [7, 8])], 6), [0, 0, 0, 7, 8, 0]);
  });

  it("leaves out what lies before the start, and what lies after the end", () => {
    assert.deepEqual(lay([block(-100, ramp(-100, 50)), block(-50, ramp(-50, 60))], 5), ramp(0, 5));
  });

  it("fills a gap exactly", () => {
    const laid = lay([block(0, ramp(1, 100)), block(400, ramp(401, 100))], 500);
    assert.deepEqual(laid.slice(99, 103), [100, 0, 0, 0]);
    assert.deepEqual(laid.slice(399, 402), [0, 401, 402]);
  });

  it("keeps what came first where sound overlaps, be it by more than a block", () => {
    const laid = lay([block(0, ramp(1, 200)), block(50, ramp(1051, 100)), block(150, ramp(2151, 100))], 250);
    assert.deepEqual(laid.slice(198, 202), [199, 200, 2201, 2202]);
  });

  it("takes timestamps that were rounded for what they were", () => {
    const blocks = Array.from({ length: 10 }, (_, index) =>
      block(index * 100 + [0, 1, -1][index % 3]!, ramp(index * 100, 100)),
    );
    assert.deepEqual(lay(blocks), ramp(0, 1000));
  });

  it("follows a clock that runs wrong, without a jump, and never further off than a gap would be", () => {
    const [count, drift] = [100, 1.005];
    const blocks = Array.from({ length: 400 }, (_, index) =>
      block(Math.round(index * count * drift), ramp(index * count, count)),
    );
    const laid = lay(blocks, 40_000);
    const steps = laid.slice(1).map((value, index) => value - (laid[index] ?? 0));
    assert.ok(steps.every((step) => step > 0.9 && step < 1.1));
    for (const [at, value] of laid.entries()) assert.ok(Math.abs(value * drift - at) < 30, `${value} at ${at}`);
  });

  it("does not follow timestamps that tremble", () => {
    const blocks = Array.from({ length: 100 }, (_, index) =>
      block(index * 20 + [0, 9, -6, 3, -8, 2][index % 6]!, ramp(index * 20, 20)),
    );
    assert.deepEqual(lay(blocks, 2000), ramp(0, 2000));
  });

  it("puts channels side by side through gaps", () => {
    assert.deepEqual(lay([block(2, [1, 2, 3, 4])], 5, 2), [0, 0, 0, 0, 1, 2, 3, 4, 0, 0]);
  });

  it("gives the silence of hours in small parts", () => {
    const track = new SoundTrack({ channels: 6, sampleRate: 48_000, samples: 3 * 3600 * 48_000 });
    let [bytes, most] = [0, 0];
    for (const part of track.lay(block(3 * 3600 * 48_000 - 1, [1, 2, 3, 4, 5, 6]))) {
      bytes += part.length;
      most = Math.max(most, part.length);
    }
    assert.equal(bytes, 3 * 3600 * 48_000 * 24);
    assert.ok(most <= 65_536 && track.isFull);
  });
});
