import assert from "node:assert/strict";
import { sampleImagesPiece, sampleManifest, sampleObject } from "./sample-manifest.fixture.ts";
import { thumbnailsText } from "./thumbnails.ts";

describe("the list of thumbnails", () => {
  it("names a part of a sheet for each stretch of time, to the end", () => {
    const text = thumbnailsText(sampleManifest({ extras: [sampleImagesPiece()] })) ?? "";
    const [head, ...cues] = text.trimEnd().split("\n\n");
    const [first, second] = [0, 1].map((sheet) => sampleObject(`sheet ${String(sheet)}`).sha256);
    assert.equal(head, "WEBVTT");
    assert.equal(cues.length, 12);
    assert.equal(cues[0], `00:00:00.000 --> 00:00:02.000\n${first!}.jpg#xywh=0,0,160,90`);
    assert.equal(cues[5], `00:00:10.000 --> 00:00:12.000\n${first!}.jpg#xywh=160,180,160,90`);
    assert.equal(cues[6], `00:00:12.000 --> 00:00:14.000\n${second!}.jpg#xywh=0,0,160,90`);
    assert.equal(cues[11]?.split("\n")[0], "00:00:22.000 --> 00:00:24.000");
  });

  it("names no time after the end, no sheet that is not there, and gives the last picture the rest", () => {
    const { content, ...piece } = sampleImagesPiece();
    assert.ok(content.kind === "images");
    const timesWith = (changes: object): string[] => {
      const extras = [{ ...piece, content: { ...content, ...changes } }];
      return (thumbnailsText(sampleManifest({ extras })) ?? "").split("\n").filter((line) => line.includes("-->"));
    };
    assert.equal(timesWith({ thumbnails: 1000, intervalMs: 5000 }).at(-1), "00:00:20.000 --> 00:00:24.000");
    assert.equal(timesWith({ thumbnails: 1000, intervalMs: 1000 }).at(-1), "00:00:11.000 --> 00:00:24.000");
    assert.deepEqual(timesWith({ columns: 0 }), []);
    assert.deepEqual(timesWith({ intervalMs: 0 }), []);
  });

  it("is not there before the pictures are", () => {
    assert.equal(thumbnailsText(sampleManifest()), null);
  });
});
