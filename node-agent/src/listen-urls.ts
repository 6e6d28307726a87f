// Under which addresses others reach this node: what its operator says, else what it listens on.
import { networkInterfaces } from "node:os";
import type { ListenAddress } from "./config.ts";

/** @param configured what the operator says; wins */
export function advertisedUrl(scheme: "http" | "https", listens: ListenAddress, configured?: string): string {
  if (configured !== undefined) return configured;
  const host = isAny(listens.host) ? (firstOutsideAddress() ?? "127.0.0.1") : listens.host;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${String(listens.port)}`;
}

function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "*";
}

function firstOutsideAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses.find((found) => !found.internal && found.family === "IPv4")?.address;
}
