import assert from "node:assert/strict";
import type { NodeRecord } from "../../catalog/records.ts";
import type { BrakeState } from "../../control-loop/brakes.ts";
import { nodeRecord } from "../../testing/records.ts";
import { nearest } from "./find-node.ts";
import { problemsOf } from "./status.ts";

const now = 1_000_000;
const counts = {
  nodesByHealth: {},
  assetsByState: {},
  tasksByState: {},
  storedBytes: 0,
  capacityBytes: 0,
  degradedAssets: 0,
};

const loose: BrakeState = { isCutOff: false, regions: new Set() };

function problems(nodes: readonly NodeRecord[], change: Partial<typeof counts> = {}, brakes = loose): string {
  return problemsOf({ counts: { ...counts, ...change }, nodes, brakes, now }).join("\n");
}

describe("the cluster's problems", () => {
  it("are none when all is well", () => {
    assert.equal(problems([nodeRecord()]), "");
  });

  it("name what wants somebody's hand, and what to do", () => {
    assert.match(problems([]), /tokens create/);
    assert.match(problems([nodeRecord({ health: "down" })]), /eu-1 is down since .*nodes remove eu-1/s);
    assert.match(problems([nodeRecord({ usedBytes: 950 })]), /over 90 % full/);
    assert.match(problems([nodeRecord({ certificateExpiresAt: now + 1 })]), /certificate of eu-1/);
    assert.match(problems([nodeRecord({ scheduling: "draining", drainDeadlineAt: now - 1 })]), /past its deadline/);
    assert.match(problems([nodeRecord()], { degradedAssets: 3 }), /^3 asset/);
    assert.match(problems([nodeRecord()], { assetsByState: { failed: 2 } }), /^2 asset/);
  });

  it("name what is held back because many nodes went away together", () => {
    const held = problems([nodeRecord()], {}, { isCutOff: false, regions: new Set(["us", "eu"]) });
    assert.match(held, /^Most nodes of the region eu .*\nMost nodes of the region us .*brakeHoldMs/);
    assert.match(
      problems([nodeRecord()], {}, { ...loose, isCutOff: true }),
      /^Most nodes fell silent together.*brakeHoldMs/,
    );
  });
});

describe("the name that was probably meant", () => {
  it("differs by a few letters only", () => {
    assert.equal(nearest("eu-l", ["us-1", "eu-1"]), "eu-1");
    assert.equal(nearest("EU-1", ["us-1", "eu-1"]), "eu-1");
    assert.equal(nearest("frankfurt", ["us-1", "eu-1"]), undefined);
    assert.equal(nearest("eu-1", []), undefined);
  });
});
