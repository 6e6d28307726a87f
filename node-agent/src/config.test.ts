import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { joinTokenOf, loadAgentConfig } from "./config.ts";

const least = { VSTREAM_DATA_DIR: "/var/lib/vstream", VSTREAM_CONTROL_URL: "https://control.example:7700/" };

describe("agent configuration", () => {
  it("needs only a data folder and a control plane, and has a default for the rest", () => {
    const config = loadAgentConfig(undefined, least);
    assert.equal(config.controlUrl, "https://control.example:7700");
    assert.deepEqual(config.playbackListen, { host: "0.0.0.0", port: 7800 });
    assert.equal(config.region, "default");
    assert.deepEqual([config.zone, config.scrubDays, config.egressLimitBps], ["", 14, 0]);
    assert.ok(config.encodeSlots >= 1);
  });

  it("names every problem at once", () => {
    const env = {
      VSTREAM_CONTROL_URL: "http://control.example:7700",
      VSTREAM_PLAYBACK_LISTEN: "127.0.0.1",
      VSTREAM_ENCODE_SLOTS: "-1",
      VSTREAM_REGION: "Europa!",
      VSTREAM_ZONE: "rack 7",
      VSTREAM_SCRUB_DAYS: "366",
      VSTREAM_EGRESS_LIMIT_BPS: "fast",
      VSTREAM_LOG_LEVEL: "loud",
    };
    const listed = ["controlUrl", "playbackListen", "encodeSlots", "region", "zone", "scrubDays", "egressLimitBps"];
    const keys = [...listed, "logLevel", "dataDir"];
    assert.throws(
      () => loadAgentConfig(undefined, env),
      (error: unknown) =>
        error instanceof VsError && error.code === "invalid_config" && keys.every((key) => error.message.includes(key)),
    );
  });

  it("refuses a key that it does not know, and one token given twice", () => {
    const folder = mkdtempSync(join(tmpdir(), "config-"));
    const file = join(folder, "agent.yaml");
    try {
      writeFileSync(file, "dataDir: /d\ncontrolUrl: https://c:1\nencodeslots: 2\n");
      assert.throws(() => loadAgentConfig(file, {}), { code: "invalid_config", message: /encodeslots/ });
      writeFileSync(file, "dataDir: /d\ncontrolUrl: https://c:1\njoinToken: a\njoinTokenFile: b\n");
      assert.throws(() => loadAgentConfig(file, {}), { code: "invalid_config", message: /joinTokenFile/ });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("takes a zone, a pace for the scrub and a limit for what is sent", () => {
    const given = { VSTREAM_ZONE: "rack-7", VSTREAM_SCRUB_DAYS: "0", VSTREAM_EGRESS_LIMIT_BPS: "800000000" };
    const config = loadAgentConfig(undefined, { ...least, ...given });
    assert.deepEqual([config.zone, config.scrubDays, config.egressLimitBps], ["rack-7", 0, 800_000_000]);
  });

  it("refuses each wrong value by the name of its key", () => {
    const wrong = { ZONE: ["-a", "a".repeat(64)], SCRUB_DAYS: ["-1", "often"], EGRESS_LIMIT_BPS: ["-1", "1.5"] };
    const names = { ZONE: /zone/, SCRUB_DAYS: /scrubDays/, EGRESS_LIMIT_BPS: /egressLimitBps/ };
    for (const [key, message] of Object.entries(names)) {
      for (const value of wrong[key as keyof typeof wrong]) {
        const env = { ...least, [`VSTREAM_${key}`]: value };
        assert.throws(() => loadAgentConfig(undefined, env), { code: "invalid_config", message });
      }
    }
  });

  it("takes folders to watch, each once, and none of the agent's own", () => {
    const watching = (watch: unknown) => loadAgentConfig(undefined, { ...least, VSTREAM_WATCH: JSON.stringify(watch) });
    assert.deepEqual(loadAgentConfig(undefined, least).watch, []);
    assert.deepEqual(watching([{ folder: "/in/" }]).watch, [
      { folder: "/in", ladder: "", labels: {}, settleSeconds: 10 },
    ]);
    const whole = { folder: "/in", ladder: "fast", labels: { from: "in" }, settleSeconds: 3_600 };
    assert.deepEqual(watching([whole]).watch, [whole]);
    const wrong = [
      [{ folder: "" }],
      [{ folder: "/in", settleSeconds: 0.5 }],
      [{ folder: "/in", settleSeconds: 3_601 }],
      [{ folder: "/in", title: "T" }],
      [{ folder: "/in" }, { folder: "/in/" }],
      [{ folder: "/var/lib/vstream" }],
      [{ folder: "/var/lib/vstream/uploads" }],
      Array.from({ length: 33 }, (_, index) => ({ folder: `/in-${index}` })),
    ];
    for (const watch of wrong) {
      assert.throws(() => watching(watch), { code: "invalid_config", message: /watch/ }, JSON.stringify(watch));
    }
    assert.equal(watching([{ folder: "/var/lib/vstream-in" }]).watch.length, 1);
  });

  it("takes the environment before the file, and IPv6 addresses", () => {
    const config = loadAgentConfig(undefined, { ...least, VSTREAM_PEER_LISTEN: "[::1]:0", VSTREAM_NAME: "eu-1" });
    assert.deepEqual(config.peerListen, { host: "::1", port: 0 });
    assert.equal(config.name, "eu-1");
  });

  it("says which token file cannot be read", () => {
    const config = loadAgentConfig(undefined, { ...least, VSTREAM_JOIN_TOKEN_FILE: "/nowhere/token" });
    assert.throws(() => joinTokenOf(config), { code: "invalid_config", message: /\/nowhere\/token/ });
  });
});
