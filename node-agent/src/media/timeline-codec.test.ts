import assert from "node:assert/strict";
import { decodeTimeline, encodeTimeline } from "./timeline-codec.ts";
import type { MasteringDisplay } from "./timeline.ts";
import { madeTimeline } from "./timeline.fixture.ts";

function changed(change: (content: Record<string, unknown>) => void): Buffer {
  const content = JSON.parse(Buffer.from(encodeTimeline(madeTimeline(48))).toString("utf8")) as Record<string, unknown>;
  change(content);
  return Buffer.from(JSON.stringify(content));
}

describe("a timeline as bytes", () => {
  it("comes back as it was", () => {
    const timeline = madeTimeline(720, (frame) => frame % 7 === 3);
    assert.deepEqual(decodeTimeline(encodeTimeline(timeline)), timeline);
    const display: MasteringDisplay = {
      ...{ red: [34_000, 16_000], green: [13_250, 34_500], blue: [7_500, 3_000], white: [15_635, 16_450] },
      ...{ mostLuminance: 10_000_000, leastLuminance: 50 },
    };
    const mastering = { display, light: { most: 1000, mostAverage: 400 } };
    const mastered = { ...timeline, picture: { ...timeline.picture, mastering } };
    assert.deepEqual(decodeTimeline(encodeTimeline(mastered)), mastered);
  });

  it("stays small for an ordinary film", () => {
    assert.ok(encodeTimeline(madeTimeline(24 * 7200)).length < 50_000);
  });

  it("is refused when it would take more than 64 MB", () => {
    const frames = 3_000_000;
    const timeline = madeTimeline(1);
    // No two differences alike.
    const pts = Float64Array.from({ length: frames }, (_, frame) => frame * 1e9 + ((frame * frame) % 1e9));
    assert.throws(() => encodeTimeline({ ...timeline, pts, keyframes: pts }), {
      code: "media_limit",
      message: /64000000/,
    });
  }).timeout(60_000);

  it("is refused when it is something else", () => {
    for (const bytes of [Buffer.from("{}"), Buffer.from("not json"), Buffer.alloc(0)]) {
      assert.throws(() => decodeTimeline(bytes), { code: "object_corrupt" });
    }
  });

  it("is refused when it claims endless frames, or frames that go back", () => {
    for (const pts of [[1, 1e12], [5, 10, -100, 2], [1]]) {
      const bytes = changed((content) => (content["pts"] = pts));
      assert.throws(() => decodeTimeline(bytes), { code: "object_corrupt" });
    }
  });

  it("is refused when it would put words of its own into a filter", () => {
    const bytes = changed((content) => {
      const { picture } = madeTimeline(1);
      content["picture"] = { ...picture, colour: { ...picture.colour, matrix: "bt709,movie=/etc/passwd" } };
    });
    assert.throws(() => decodeTimeline(bytes), { code: "object_corrupt" });
  });
});
