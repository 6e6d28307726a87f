import assert from "node:assert/strict";
import { viewerOf } from "./viewer-address.ts";

describe("the viewer behind an address", () => {
  for (const [address, viewer] of [
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:2:ffff::1", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["2001:db8::5:6:7:8:9", "2001:db8:0:5::/64"],
    ["2001:db8::", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", ""],
  ] as const) {
    it(`${address} is ${viewer}`, () => {
      assert.equal(viewerOf(address), viewer);
    });
  }
});
