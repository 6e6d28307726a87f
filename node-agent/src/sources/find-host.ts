// The addresses of a URL's host: asked for once, each held against the rules, and the only ones that are then connected
// to. What a name server answers a moment later changes nothing.
import { lookup } from "node:dns/promises";
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { VsError } from "@vstream/core/errors.ts";
import type { AddressRules } from "./address-rules.ts";

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** By the system's own way of finding hosts. */
export const systemResolve: Resolve = async (host) => await lookup(host, { all: true, order: "verbatim" });

/**
 * @param rules null: of an operator's own configuration, which may lead anywhere
 * @throws VsError source_forbidden, source_not_found for a name that nobody has, source_unavailable
 */
export async function addressesOf(
  host: string,
  { rules, resolve }: { readonly rules: AddressRules | null; readonly resolve: Resolve },
): Promise<readonly LookupAddress[]> {
  const addresses = await found(host, resolve);
  for (const { address } of addresses) rules?.check(address, host);
  return addresses;
}

async function found(host: string, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const literal = host.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(literal);
  if (family !== 0) return [{ address: literal, family }];
  try {
    const addresses = await resolve(host);
    if (addresses.length > 0) return addresses;
  } catch (cause) {
    const isPassing = cause instanceof Error && "code" in cause && cause.code !== "ENOTFOUND";
    if (isPassing) {
      throw new VsError("source_unavailable", `the address of ${host} cannot be found now: ${cause.message}`, {
        cause,
      });
    }
  }
  throw new VsError("source_not_found", `there is no host ${host}`, { hint: "Check the URL" });
}
