import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import { readSteeringQuery, steeringQuery, wantsOnePathway } from "./steering-query.ts";

const [one, other] = [newId("node", 1), newId("node", 2)];
const nothing = { known: [], near: null, at: null };

describe("the query of a steering request", () => {
  it("reads what was written, with what the player adds", () => {
    const query = steeringQuery({ known: [one, other], near: "eu-west.1" });
    const target = `/steering/as1?${query}&_HLS_pathway=${one}&_HLS_throughput=5000000`;
    assert.deepEqual(readSteeringQuery(target, "_HLS_pathway"), { known: [one, other], near: "eu-west.1", at: one });
  });

  it("takes a pathway in quotes, and an `at` of our own player", () => {
    assert.equal(readSteeringQuery(`/s?_HLS_pathway=%22${one}%22`, "_HLS_pathway").at, one);
    assert.equal(readSteeringQuery(`/v/as1/homes.json?at=${one}`, "at").at, one);
  });

  it("is as if it were not there where it makes no sense", () => {
    for (const garbage of [
      "/s",
      "/s?",
      "/s?%",
      "/s?_HLS_pathway=.&_HLS_throughput=fast&known=&near=",
      "/s?_HLS_pathway=../../etc&known=a-b-c-%00&near=%0d%0aevil",
      `/s?known=${"x-".repeat(5000)}&near=${"e".repeat(500)}`,
    ]) {
      assert.deepEqual(readSteeringQuery(garbage, "_HLS_pathway"), nothing, garbage.slice(0, 60));
    }
  });

  it("says whether one pathway is wanted", () => {
    assert.ok(wantsOnePathway("/v/as1/index.m3u8?pathways=one"));
    assert.ok(!wantsOnePathway("/v/as1/index.m3u8?pathways=all"));
    assert.ok(!wantsOnePathway("/v/as1/index.m3u8"));
  });
});
