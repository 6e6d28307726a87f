import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import { AddressRules, isNetwork } from "./address-rules.ts";
import { addressesOf } from "./find-host.ts";
import type { Resolve } from "./find-host.ts";

const strict = new AddressRules([]);
const nobody: Resolve = () => Promise.reject(new Error("nobody is asked"));
const forbidden = { name: "VsError", code: "source_forbidden" };

function isRefused(address: string, rules = strict): boolean {
  try {
    rules.check(address, "host.example");
    return false;
  } catch (thrown) {
    return thrown instanceof VsError && thrown.code === "source_forbidden";
  }
}

describe("the rules of where a source may come from", () => {
  it("let public addresses pass", () => {
    for (const address of ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"]) {
      assert.ok(!isRefused(address), address);
    }
  });

  const places: Record<string, readonly string[]> = {
    loopback: ["127.0.0.1", "127.255.255.254", "::1"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0"],
    private: ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "shared by a carrier": ["100.64.0.1", "100.127.255.254"],
    "unique local": ["fc00::1", "fd12:3456::1"],
    "site-local": ["fec0::1"],
    unspecified: ["0.0.0.0", "0.1.2.3", "::"],
    multicast: ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "reserved or broadcast": ["192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1", "240.0.0.1", "255.255.255.255"],
    "IPv4 mapped into IPv6": ["::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:10.0.0.1", "::ffff:8.8.8.8"],
    "IPv4 compatible with IPv6": ["::127.0.0.1", "::7f00:1", "::808:808"],
    "IPv4 behind NAT64, 6to4, Teredo or a translation": [
      ...["64:ff9b::7f00:1", "64:ff9b::127.0.0.1", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001:0:1::1"],
      ...["::ffff:0:127.0.0.1", "::ffff:0:7f00:1"],
    ],
    "no address at all": ["", "localhost", "8.8.2056", "0x08080808", "134744072"],
  };
  for (const [kind, addresses] of Object.entries(places)) {
    it(`refuse what is ${kind}`, () => {
      for (const address of addresses) assert.ok(isRefused(address), address);
    });
  }

  it("let pass what the operator allows, in the dress of IPv6 too, and nothing beside it", () => {
    const rules = new AddressRules(["127.0.0.0/8", "fd00:1::/32"]);
    for (const address of ["127.0.0.1", "::ffff:127.0.0.1", "fd00:1::5"])
      assert.ok(!isRefused(address, rules), address);
    for (const address of ["10.0.0.1", "::1", "fd00:2::5", "::ffff:10.0.0.1"]) assert.ok(isRefused(address, rules));
  });

  it("say of which host, which address and what it is", () => {
    assert.throws(() => {
      strict.check("169.254.169.254", "metadata.example");
    }, /metadata\.example leads to 169\.254\.169\.254 \(link local\)/);
  });

  it("know a network when they see one", () => {
    for (const text of ["127.0.0.0/8", "::/0", "fd00::/8"]) assert.ok(isNetwork(text), text);
    for (const text of ["127.0.0.1", "127.0.0.0/33", "host/8", "", "127.0.0.0/"]) assert.ok(!isNetwork(text), text);
  });
});

describe("a URL's host", () => {
  const around = { rules: strict, resolve: nobody };

  it("that is an address is checked as one, however the URL writes it", async () => {
    const spellings = ["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "[::1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]"];
    for (const host of spellings) {
      const { hostname } = new URL(`http://${host}/a.mp4`);
      await assert.rejects(addressesOf(hostname, around), forbidden, host);
    }
    assert.deepEqual(await addressesOf("8.8.8.8", around), [{ address: "8.8.8.8", family: 4 }]);
    assert.deepEqual(await addressesOf("[2606:4700::1111]", around), [{ address: "2606:4700::1111", family: 6 }]);
  });

  it("is refused when any of its addresses is", async () => {
    const resolve: Resolve = () =>
      Promise.resolve([
        { address: "93.184.216.34", family: 4 },
        { address: "10.0.0.5", family: 4 },
      ]);
    await assert.rejects(addressesOf("host.example", { rules: strict, resolve }), /10\.0\.0\.5/);
  });

  it("that is the operator's own may be anywhere", async () => {
    assert.deepEqual(await addressesOf("127.0.0.1", { rules: null, resolve: nobody }), [
      { address: "127.0.0.1", family: 4 },
    ]);
  });

  it("that nobody has is not found; one that cannot be asked for now may be later", async () => {
    const failing = (code: string): Resolve => {
      return () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
    };
    const find = (resolve: Resolve) => addressesOf("host.example", { rules: strict, resolve });
    await assert.rejects(find(failing("ENOTFOUND")), { code: "source_not_found" });
    await assert.rejects(
      find(() => Promise.resolve([])),
      { code: "source_not_found" },
    );
    await assert.rejects(find(failing("EAI_AGAIN")), { code: "source_unavailable" });
  });
});
