import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { loadConfig, variableFor } from "./config.ts";
import { VsError } from "./errors.ts";

const schema = z.object({
  dataDir: z.string(),
  replicas: z.number().int().min(1).default(2),
  labels: z.record(z.string(), z.string()).default({}),
});

describe("configuration", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-config-"));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  async function load(text: string, env: Record<string, string> = {}): Promise<unknown> {
    const file = join(folder, "config.yaml");
    await writeFile(file, text);
    return loadConfig(schema, { file, env, envPrefix: "VSTREAM_" });
  }

  it("is the file, its defaults, and the environment over both", async () => {
    const env = { VSTREAM_REPLICAS: "3", VSTREAM_LABELS: '{"rack": "a"}' };
    assert.deepEqual(await load("dataDir: /data\nreplicas: 1\n", env), {
      dataDir: "/data",
      replicas: 3,
      labels: { rack: "a" },
    });
    assert.deepEqual(await load("dataDir: /data\n"), { dataDir: "/data", replicas: 2, labels: {} });
    assert.equal(variableFor("dataDir", "VSTREAM_"), "VSTREAM_DATA_DIR");
  });

  it("has every problem named at once", async () => {
    await assert.rejects(load("replicas: 0\nlabels: [1]\nsurprise: true\n"), (thrown) => {
      assert.ok(thrown instanceof VsError && thrown.code === "invalid_config");
      for (const name of ["dataDir", "replicas", "labels", "surprise"]) assert.ok(thrown.message.includes(name), name);
      return true;
    });
  });

  it("that is no YAML, or no file, is refused with its path", async () => {
    await assert.rejects(load("a: [1"), /config\.yaml/);
    assert.throws(
      () => loadConfig(schema, { file: join(folder, "none.yaml"), env: {}, envPrefix: "VSTREAM_" }),
      /none\.yaml/,
    );
  });
});
