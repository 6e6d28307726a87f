import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { captionsIn, hasCaptions } from "./find-captions.ts";
import { openFolder } from "./trial-media.fixture.ts";

const sei = [0xb5, 0x00, 0x31];
const userData = [0x00, 0x00, 0x01, 0xb2];

function message(before: readonly number[], triplets: readonly number[], flags = 0xc0): Buffer {
  const count = triplets.length / 3;
  return Buffer.from([9, ...before, ...Buffer.from("GA94\x03", "latin1"), flags | count, 0xff, ...triplets, 0xff]);
}

describe("captions in pictures", () => {
  it("are found in SEI messages and in user data, beside an empty second field", () => {
    for (const mark of [sei, userData]) {
      assert.ok(captionsIn(message(mark, [0xfc, 0x94, 0x20, 0xfd, 0x80, 0x80])));
      assert.ok(captionsIn(Buffer.concat([message(mark, [0xfc, 0x80, 0x80]), message(mark, [0xfc, 0xc8, 0x80])])));
    }
  });

  it("are none where nothing is said, or where it is no message", () => {
    const wrong = [
      message(sei, [0xfc, 0x80, 0x80, 0xfd, 0x94, 0x20]),
      message(sei, [0xfc, 0x00, 0x00]),
      message(sei, [0xf8, 0x94, 0x20]),
      message(sei, [0xfe, 0x94, 0x20]),
      message(sei, [0xfc, 0x94, 0x20], 0x80),
      message([1, 2, 3], [0xfc, 0x94, 0x20]),
      message(sei, [0xfc, 0x94, 0x20]).subarray(0, 9),
      Buffer.from("GA94\x03"),
    ];
    for (const bytes of wrong) assert.ok(!captionsIn(bytes));
  });

  it("are looked for in all parts of a file", async () => {
    await using folder = await openFolder();
    const path = folder.path("film");
    const found = async (at: number, size: number): Promise<boolean> => {
      const bytes = Buffer.alloc(size);
      message(sei, [0xfc, 0x94, 0x20]).copy(bytes, at);
      await writeFile(path, bytes);
      return await hasCaptions(path, size);
    };
    assert.ok(await found(1024 * 1024 - 6, 3_000_000));
    assert.ok(await found(2_999_900, 3_000_000));
    assert.ok(!(await hasCaptions(path, 0)));
  });
});
