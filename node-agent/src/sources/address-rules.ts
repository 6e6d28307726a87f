// Where an agent may fetch sources from: from the public internet, and from nowhere else, unless its operator says so.
// A URL comes from whoever may ingest; what stands beside the agent in its network does not belong to them.
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { VsError } from "@vstream/core/errors.ts";

type Address = ReturnType<typeof ipaddr.parse>;
type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** What of IPv6 is given out to the public; everything else is local, or stands for an address of IPv4. */
const publicIpv6 = ipaddr.parseCIDR("2000::/3");

export class AddressRules {
  readonly #allowed: readonly Network[];

  /** @param allowNetworks as in 10.1.0.0/16; each passes isNetwork */
  constructor(allowNetworks: readonly string[]) {
    this.#allowed = allowNetworks.map((text) => ipaddr.parseCIDR(text));
  }

  /** @param address as the system gives it @throws VsError source_forbidden */
  check(address: string, host: string): void {
    const parsed = isIP(address) === 0 ? null : ipaddr.parse(address);
    if (parsed !== null && (isPublic(parsed) || this.#isAllowed(parsed))) return;
    const kind = parsed === null ? "not an address" : kindOf(parsed);
    throw new VsError("source_forbidden", `${host} leads to ${address} (${kind}), where this node may not fetch from`, {
      hint: "If it is to be fetched from there: fetch.allowNetworks in the agent's configuration",
    });
  }

  #isAllowed(address: Address): boolean {
    const plain = plainOf(address);
    return this.#allowed.some((network) => isIn(address, network) || isIn(plain, network));
  }
}

/** Whether the text names a network by address and length. */
export function isNetwork(text: string): boolean {
  return ipaddr.isValidCIDR(text);
}

function isPublic(address: Address): boolean {
  return address.range() === "unicast" && (address.kind() === "ipv4" || isIn(address, publicIpv6));
}

function isIn(address: Address, network: Network): boolean {
  return address.kind() === network[0].kind() && address.match(network);
}

// An address of IPv4 in the dress of IPv6.
function plainOf(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function kindOf(address: Address): string {
  const range = address.range();
  const words = range.replaceAll(/([a-z])([A-Z0-9])/g, "$1 $2").toLowerCase();
  return range === "unicast" ? "not public" : words;
}
