import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configPath, findCluster, parseServer } from "./cluster-address.ts";

describe("which cluster a command talks to", () => {
  const folder = mkdtempSync(join(tmpdir(), "vsctl-address-"));
  const file = (name: string, content: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const one = file("one.json", { server: "https://one:1", token: "t1", authorityPem: "pem1" });
  const two = file("two.json", { server: "https://two:2", token: "t2", authorityPem: "pem2" });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is the server that is named, with the token of the environment", () => {
    const env = { VSCTL_TOKEN: "t", VSCTL_SERVER: "https://other:9", VSCTL_CONFIG: two };
    assert.deepEqual(findCluster({ server: "https://named:7", config: one, env }), {
      host: "named",
      port: 7,
      token: "t",
    });
  });

  it("is VSCTL_SERVER before any file", () => {
    const env = { VSCTL_TOKEN: "t", VSCTL_SERVER: "https://other:9", VSCTL_CONFIG: two };
    assert.equal(findCluster({ config: one, env }).host, "other");
  });

  it("is the file of --config before that of VSCTL_CONFIG before the user's", () => {
    assert.equal(findCluster({ config: one, env: { VSCTL_CONFIG: two } }).host, "one");
    assert.equal(findCluster({ env: { VSCTL_CONFIG: two } }).host, "two");
    assert.equal(configPath({ env: { XDG_CONFIG_HOME: "/x" } }), "/x/vsctl/config.json");
    assert.equal(configPath({ env: { HOME: "/home/me" } }), "/home/me/.config/vsctl/config.json");
  });

  it("keeps the file's token and certificate for another way to the same cluster", () => {
    const found = findCluster({ server: "https://tunnel:7", config: one, env: {} });
    assert.deepEqual(found, { host: "tunnel", port: 7, token: "t1", authorityPem: "pem1" });
  });

  it("is no cluster without a file or a token", () => {
    const env = { XDG_CONFIG_HOME: folder };
    assert.throws(() => findCluster({ env }), { code: "no_cluster" });
    assert.throws(() => findCluster({ server: "https://named:7", env }), { code: "no_cluster" });
  });

  it("is refused from a damaged file", () => {
    for (const content of ["{", "[]", { server: 1 }, { server: "https://one:1" }]) {
      assert.throws(() => findCluster({ config: file("bad.json", content), env: {} }), { code: "invalid_config" });
    }
  });
});

describe("the address of a control plane", () => {
  it("may leave the scheme and the port out", () => {
    assert.deepEqual(parseServer("https://host:9"), { host: "host", port: 9 });
    assert.deepEqual(parseServer("host:9"), { host: "host", port: 9 });
    assert.deepEqual(parseServer("host"), { host: "host", port: 7700 });
    assert.deepEqual(parseServer("https://[::1]:9"), { host: "::1", port: 9 });
    assert.deepEqual(parseServer("https://host:443"), { host: "host", port: 443 });
  });

  it("is refused without TLS or with a path", () => {
    for (const text of ["http://host:9", "https://host:9/path", "", "https://"]) {
      assert.throws(() => parseServer(text), { code: "usage" }, text);
    }
  });
});
