import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import { loadControlConfig } from "./config.ts";
import { formatAddress, parseAddress } from "./listen-address.ts";

describe("the control plane's configuration", () => {
  it("needs the data folder only", () => {
    const config = loadControlConfig(undefined, { VSTREAM_DATA_DIR: "/var/lib/vstream" });
    assert.deepEqual(config, {
      dataDir: "/var/lib/vstream",
      listen: { host: "127.0.0.1", port: 7700 },
      agentListen: { host: "127.0.0.1", port: 7701 },
      httpListen: { host: "127.0.0.1", port: 7702 },
      names: [],
      logLevel: "info",
      replicas: 2,
      repairHoldMs: 300_000,
      repairCopiesAtOnce: 16,
      brakeHoldMs: 3_600_000,
      drainQuietMs: 18_000,
      rebalance: "on",
      rebalanceTolerance: 0.1,
      rebalanceMovesAtOnce: 4,
      hotBpsPerHome: 400_000_000,
      coolMs: 600_000,
      certificateDays: 14,
      trashMs: 86_400_000,
      editionGraceMs: 21_600_000,
      ladders: {},
      lowestFirstBelow: 1.2,
      maxSourceBytes: 274_877_906_944,
      clusterName: "vstream",
    });
  });

  it("takes ladders, and fills in what they leave out", () => {
    const given = (ladders: string) =>
      loadControlConfig(undefined, { VSTREAM_DATA_DIR: "/d", VSTREAM_LADDERS: ladders });
    assert.deepEqual(given("{small: {lines: [234, 360], preset: medium}, default: {crf: 20}}").ladders, {
      small: { preset: "medium", lines: [234, 360], crf: 23, rate: 1 },
      default: { preset: "fast", lines: [234, 360, 540, 720, 1080], crf: 20, rate: 1 },
    });
    assert.deepEqual(given("{new: {hevc: {lines: [720], hdr: false}}}").ladders["new"]?.hevc, {
      ...{ preset: "fast", lines: [720], crf: 24, hdr: false },
    });
    for (const wrong of [
      "{Small: {}}",
      "{a: {hevc: {lines: []}}}",
      "{a: {hevc: true}}",
      "{a: {lines: []}}",
      "{a: {lines: [360, 360]}}",
      "{a: {lines: [361]}}",
      "{a: {lines: [4320]}}",
      "{a: {preset: placebo}}",
      "{a: {crf: 5}}",
      "{a: {rate: 0}}",
      "{a: {codec: av2}}",
    ]) {
      assert.throws(() => given(wrong), { code: "invalid_config" }, wrong);
    }
  });

  it("takes lists, numbers and addresses from the environment", () => {
    const env = {
      VSTREAM_DATA_DIR: "/d",
      VSTREAM_NAMES: "[control.example.org, 192.0.2.1]",
      VSTREAM_REPLICAS: "3",
      VSTREAM_LISTEN: "[::]:7000",
      VSTREAM_REBALANCE: "off",
    };
    const { names, replicas, listen, rebalance } = loadControlConfig(undefined, env);
    assert.deepEqual(
      { names, replicas, listen, rebalance },
      {
        names: ["control.example.org", "192.0.2.1"],
        replicas: 3,
        listen: { host: "::", port: 7000 },
        rebalance: "off",
      },
    );
  });

  it("refuses a brake that would end before anything is repaired, unless it is turned off", () => {
    const given = (repairHoldMs: string, brakeHoldMs: string) =>
      loadControlConfig(undefined, {
        VSTREAM_DATA_DIR: "/d",
        VSTREAM_REPAIR_HOLD_MS: repairHoldMs,
        VSTREAM_BRAKE_HOLD_MS: brakeHoldMs,
      });
    for (const brakeHoldMs of ["5000", "4999", "1"]) {
      assert.throws(() => given("5000", brakeHoldMs), {
        code: "invalid_config",
        message: new RegExp(`brakeHoldMs: ${brakeHoldMs} is not above repairHoldMs, which is 5000`),
      });
    }
    assert.equal(given("5000", "5001").brakeHoldMs, 5_001);
    assert.equal(given("5000", "0").brakeHoldMs, 0);
    assert.throws(() => given("7200000", ""), { message: /3600000 is not above repairHoldMs, which is 7200000/ });
  });

  it("takes 0 for no homes by demand, and nothing that only looks like it", () => {
    const given = (bps: string) =>
      loadControlConfig(undefined, { VSTREAM_DATA_DIR: "/d", VSTREAM_HOT_BPS_PER_HOME: bps }).hotBpsPerHome;
    assert.deepEqual([given("0"), given("1000")], [0, 1_000]);
    assert.throws(() => given("999"), { message: /hotBpsPerHome: is below 1000/ });
  });

  it("names every problem at once", () => {
    const env = {
      VSTREAM_LISTEN: "x:99999",
      VSTREAM_CERTIFICATE_DAYS: "0",
      VSTREAM_CLUSTER_NAME: "a b",
      VSTREAM_REBALANCE: "perhaps",
      VSTREAM_REBALANCE_TOLERANCE: "2",
      VSTREAM_REPAIR_COPIES_AT_ONCE: "0",
    };
    const named = ["dataDir", "listen", "certificateDays", "clusterName", "rebalance", "rebalanceTolerance"];
    assert.throws(
      () => loadControlConfig(undefined, env),
      (thrown) =>
        thrown instanceof VsError &&
        [...named, "repairCopiesAtOnce"].every((key) => thrown.message.includes(`${key}: `)),
    );
  });
});

describe("listen addresses", () => {
  it("are host:port, with brackets around IPv6", () => {
    for (const text of ["127.0.0.1:0", "[::1]:7700", "control.example.org:65535"]) {
      const address = parseAddress(text);
      assert.equal(address === null ? null : formatAddress(address), text);
    }
    for (const text of ["7700", "::1:7700", "host:", "host:65536", "a b:1"]) assert.equal(parseAddress(text), null);
  });
});
