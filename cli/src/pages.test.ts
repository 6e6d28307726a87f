// What people see of one asset.
import assert from "node:assert/strict";
import { assetFields } from "./pages.ts";
import { sampleAsset, sampleAt } from "./testing/sample-messages.ts";
import { toAsset } from "./wire.ts";

type Changes = Parameters<typeof sampleAsset>[0];

describe("an asset's page", () => {
  const fieldsOf = (changes: Changes) => assetFields(toAsset(sampleAsset(changes)), sampleAt);
  const valueOf = (name: string, changes: Changes): string | undefined =>
    fieldsOf(changes).find(([field]) => field === name)?.[1];

  it("says how far it is, how fast it gets on, and how long that will take", () => {
    assert.equal(valueOf("progress", { progress: 0.431, speed: 2.1, leftMs: 30_500 }), "43 % · 2.1× · 0:31 left");
    assert.equal(valueOf("progress", { progress: 0.431, speed: 0, leftMs: -1 }), "43 %");
  });

  it("says where the source comes from, how long it is kept, and whether it is there", () => {
    assert.equal(valueOf("from", { sourceUrl: "https://host/clip.mp4" }), "https://host/clip.mp4");
    assert.equal(valueOf("from", {}), undefined);
    assert.equal(valueOf("source is kept", {}), "always");
    assert.match(valueOf("source is kept", { keepSource: "ready", hasSource: false }) ?? "", /until .* ready; no node/);
    assert.equal(valueOf("same bytes as", { duplicateOf: "as1" }), "as1");
  });

  it("says what is wrong with the source", () => {
    assert.match(valueOf("damaged", { damaged: true }) ?? "", /could not be used/);
    assert.match(valueOf("damaged", { allowDamaged: true }) ?? "", /^no/);
    assert.equal(
      valueOf("note", { warnings: ["the second picture track is left out"] }),
      "the second picture track is left out",
    );
  });

  it("says what the check found, and how far the next edition is", () => {
    const finding = { rule: "7.4", level: "must", subject: "480p", message: "too long" };
    assert.equal(valueOf("check", { check: { rules: 80, findings: [] } }), "80 authoring rules, nothing found");
    assert.equal(valueOf("finding", { check: { rules: 80, findings: [finding] } }), "7.4 (must) 480p: too long");
    assert.equal(valueOf("next edition", { nextLadder: "modern", nextProgress: 0.5 }), "ladder modern, 50 %");
    const reencodeError = { code: "storage_full", message: "no room", hint: "", retryable: true };
    assert.equal(valueOf("last re-encode", { reencodeError }), "no room (storage_full)");
  });
});
