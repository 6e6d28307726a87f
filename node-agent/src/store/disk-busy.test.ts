import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { busyMsOf, diskBusyOf } from "./disk-busy.ts";

// As Linux 5 and later write it; older ones end after 14 fields.
const statistics = `   7       0 loop0 57 0 716 63 0 0 0 0 0 84 63 0 0 0 0 0 0
 259       0 nvme0n1 139214 32512 9210376 35110 884422 511077 61320096 1241060 0 404880 1282339 0 0 0 0 12503 6167
 259       1 nvme0n1p1 138805 32512 9196040 35007 884411 511077 61320096 1241050 3 404712 1276058
`;

describe("how busy a disk is", () => {
  it("is read from the line of the device, a partition too", () => {
    assert.equal(busyMsOf(statistics, "259 0"), 404_880);
    assert.equal(busyMsOf(statistics, "259 1"), 404_712);
  });

  it("cannot be told of a device that is not listed, nor from what has another form", () => {
    assert.equal(busyMsOf(statistics, "0 25"), null);
    assert.equal(busyMsOf("", "259 0"), null);
    assert.equal(busyMsOf(" 259 0 nvme0n1 139214", "259 0"), null);
  });

  it("is a count that never falls, or not known, for a real folder", async () => {
    const busyMs = await diskBusyOf(tmpdir());
    const first = busyMs();
    const second = busyMs();
    assert.ok(first === null ? second === null : second !== null && second >= first);
  });
});
