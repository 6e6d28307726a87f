import assert from "node:assert/strict";
import {
  audioPieceId,
  audioTrackOf,
  editionOf,
  imagesPieceId,
  imagesPieceIdIn,
  isPieceId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "./ids.ts";

describe("the ids of pieces", () => {
  it("of the first edition stay as they were, and those of later ones stand beside them", () => {
    assert.deepEqual(
      [videoPieceId(12), audioPieceId(0, 12), imagesPieceIdIn(0)],
      ["video-00012", "audio-0-00012", "images"],
    );
    const later = [videoPieceId(12, 1), audioPieceId(3, 12, 20), imagesPieceIdIn(2)];
    assert.deepEqual(later, ["e1-video-00012", "e20-audio-3-00012", "e2-images"]);
    assert.ok([videoPieceId(0), imagesPieceId, ...later].every(isPieceId));
  });

  it("say of which edition they are, and that source, timeline and text are of every one", () => {
    assert.deepEqual([videoPieceId(1), audioPieceId(0, 1, 3), imagesPieceIdIn(12)].map(editionOf), [0, 3, 12]);
    assert.deepEqual([sourcePieceId, timelinePieceId, textPieceId(0)].map(editionOf), [null, null, null]);
    assert.deepEqual([audioPieceId(4, 1), audioPieceId(5, 1, 3), videoPieceId(1)].map(audioTrackOf), [4, 5, null]);
  });

  it("have one form each, since they become names of files", () => {
    const wrong = ["e0-video-00001", "e01-images", "e10000-images", "e1-source", "e1-text-0", "e1-", "../e1-images"];
    assert.deepEqual(wrong.filter(isPieceId), []);
  });
});
