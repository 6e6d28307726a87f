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
      certificateDays: 14,
      trashMs: 86_400_000,
      maxSourceBytes: 274_877_906_944,
      clusterName: "vstream",
    });
  });

  it("takes lists, numbers and addresses from the environment", () => {
    const env = {
      VSTREAM_DATA_DIR: "/d",
      VSTREAM_NAMES: "[control.example.org, 192.0.2.1]",
      VSTREAM_REPLICAS: "3",
      VSTREAM_LISTEN: "[::]:7000",
    };
    const { names, replicas, listen } = loadControlConfig(undefined, env);
    assert.deepEqual(
      { names, replicas, listen },
      {
        names: ["control.example.org", "192.0.2.1"],
        replicas: 3,
        listen: { host: "::", port: 7000 },
      },
    );
  });

  it("names every problem at once", () => {
    const env = { VSTREAM_LISTEN: "x:99999", VSTREAM_CERTIFICATE_DAYS: "0", VSTREAM_CLUSTER_NAME: "a b" };
    assert.throws(
      () => loadControlConfig(undefined, env),
      (thrown) =>
        thrown instanceof VsError &&
        ["dataDir", "listen", "certificateDays", "clusterName"].every((key) => thrown.message.includes(key)),
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
