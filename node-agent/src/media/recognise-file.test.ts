import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { VsError } from "@vstream/core/errors.ts";
import { explainNotMedia } from "./recognise-file.ts";
import { openFolder } from "./trial-media.fixture.ts";

describe("a file that is no film", () => {
  const refusal = new VsError("not_media", "the source is not a media file", { hint: "films are" });

  async function said(bytes: Buffer | string): Promise<string> {
    await using folder = await openFolder();
    await writeFile(folder.path("file"), bytes, "latin1");
    const explained = await explainNotMedia(folder.path("file"), refusal);
    assert.equal(explained.code, "not_media");
    assert.equal(explained.hint, "films are");
    return explained.message;
  }

  it("is called what it is", async () => {
    assert.match(await said("\x89PNG\r\n\x1a\n"), /still picture/);
    assert.match(await said("RIFF\0\0\0\0WEBPVP8 "), /still picture/);
    assert.match(await said("PK\x03\x04\x14\0"), /archive/);
    assert.match(await said("%PDF-1.7"), /document/);
    assert.match(await said("#EXTM3U\n"), /playlist/);
    assert.match(await said("\0\0\0\x18stypmsdh"), /init segment/);
    assert.match(await said("Dear all,\r\n\tcafé"), /text/);
  });

  it("is called nothing when nobody knows", async () => {
    for (const bytes of ["\x00\x01\x02", Buffer.alloc(100), "text and \x00"]) {
      assert.equal(await said(bytes), refusal.message);
    }
  });
});
