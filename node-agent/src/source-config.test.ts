import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAgentConfig } from "./config.ts";
import { authoritiesWith, s3Places } from "./source-config.ts";

const least = { VSTREAM_DATA_DIR: "/var/lib/vstream", VSTREAM_CONTROL_URL: "https://control.example:7700/" };
const key = { accessKeyId: "A", secretAccessKey: "S" };

function load(keys: { fetch?: unknown; s3?: unknown }) {
  const env = Object.entries(keys).map(([name, value]) => [`VSTREAM_${name.toUpperCase()}`, JSON.stringify(value)]);
  return loadAgentConfig(undefined, { ...least, ...(Object.fromEntries(env) as Record<string, string>) });
}

describe("what an agent is told about sources that it fetches", () => {
  it("is nothing, unless somebody says it: no network beside the public, no bucket", () => {
    const { fetch, s3 } = load({});
    assert.deepEqual(fetch, { allowNetworks: [], maxSourceBytes: 256 * 1024 ** 3 });
    assert.deepEqual(s3Places(s3, {}), []);
    assert.equal(authoritiesWith(undefined), null);
  });

  it("is taken from the configuration", () => {
    const { fetch, s3 } = load({
      fetch: { allowNetworks: ["10.1.0.0/16", "fd00::/8"], maxSourceBytes: 1_000 },
      s3: [{ ...key, buckets: ["films"], endpoint: "http://minio:9000", region: "eu", forcePathStyle: true }],
    });
    assert.deepEqual([fetch.allowNetworks, fetch.maxSourceBytes], [["10.1.0.0/16", "fd00::/8"], 1_000]);
    const [place] = s3Places(s3, {});
    assert.partialDeepStrictEqual(place, {
      ...{ buckets: ["films"], endpoint: "http://minio:9000", region: "eu", forcePathStyle: true },
    });
    assert.deepEqual(place?.key(), { ...key, sessionToken: null });
  });

  it("is refused by the name of what is wrong", () => {
    const wrong: [{ fetch?: unknown; s3?: unknown }, RegExp][] = [
      [{ fetch: { allowNetworks: ["127.0.0.1"] } }, /fetch\.allowNetworks\.0: is not a network/],
      [{ fetch: { maxSourceBytes: 0 } }, /fetch\.maxSourceBytes/],
      [{ fetch: { allowNetwork: [] } }, /allowNetwork/],
      [{ s3: [{ accessKeyId: "A" }] }, /s3\.0: needs one of secretAccessKey/],
      [{ s3: [{ ...key, accessKeyIdFile: "/a" }] }, /s3\.0: needs one of accessKeyId/],
      [{ s3: [{ ...key, endpoint: "ftp://a" }] }, /s3\.0\.endpoint/],
      [{ s3: [{ ...key, endpoint: "http://me:pw@a" }] }, /s3\.0\.endpoint/],
      [{ s3: [{ ...key, buckets: ["A_"] }] }, /s3\.0\.buckets\.0/],
    ];
    for (const [keys, message] of wrong) {
      assert.throws(() => load(keys), { code: "invalid_config", message });
    }
  });

  it("may be in files, which are read again for each request", () => {
    const folder = mkdtempSync(join(tmpdir(), "config-"));
    try {
      const [accessKeyIdFile, secretAccessKeyFile, caFile] = ["id", "secret", "ca.pem"].map((name) =>
        join(folder, name),
      );
      assert.throws(() => authoritiesWith(caFile), { code: "invalid_config", message: /ca\.pem/ });
      const [place] = s3Places(load({ s3: [{ accessKeyIdFile, secretAccessKeyFile }] }).s3, {});
      assert.throws(() => place?.key(), { code: "source_forbidden" });
      for (const [id, secret] of [
        ["A", "S"],
        ["B", "T"],
      ]) {
        writeFileSync(accessKeyIdFile ?? "", `${id ?? ""}\n`);
        writeFileSync(secretAccessKeyFile ?? "", `${secret ?? ""}\n`);
        assert.deepEqual(place?.key(), { accessKeyId: id, secretAccessKey: secret, sessionToken: null });
      }
      writeFileSync(caFile ?? "", "PEM");
      const authorities = authoritiesWith(caFile);
      assert.ok(authorities !== null && authorities.length > 1 && authorities.at(-1) === "PEM");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("may be in the variables that other programs know, for all other buckets", () => {
    const env = { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "S", AWS_REGION: "eu", AWS_SESSION_TOKEN: "T" };
    const named = load({ s3: [{ ...key, buckets: ["films"] }] }).s3;
    const places = s3Places(named, { ...env, AWS_ENDPOINT_URL_S3: "http://minio:9000" });
    assert.deepEqual(
      places.map(({ buckets, endpoint, region }) => [buckets, endpoint, region]),
      [
        [["films"], null, "us-east-1"],
        [[], "http://minio:9000", "eu"],
      ],
    );
    assert.deepEqual(places[1]?.key(), { ...key, sessionToken: "T" });
    assert.deepEqual(s3Places([], { AWS_ACCESS_KEY_ID: "A" }), []);
    assert.equal(s3Places([], { ...env, AWS_ENDPOINT_URL: "" })[0]?.endpoint, null);
    for (const endpoint of ["minio:9000", "ftp://minio", "http://me:pw@minio", "http://minio/?a=b"]) {
      const wrong = { code: "invalid_config", message: /^AWS_ENDPOINT_URL (is not|has)/ };
      assert.throws(() => s3Places([], { ...env, AWS_ENDPOINT_URL: endpoint }), wrong);
    }
  });
});
