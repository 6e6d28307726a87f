// Where a listener stands, and what to say when it cannot stand there.
import { VsError } from "@vstream/core/errors.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** null when the text is not host:port or [host]:port. */
export function parseAddress(text: string): ListenAddress | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host !== undefined && Number(port) <= 65_535 ? { host, port: Number(port) } : null;
}

export function formatAddress({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

/** The host to dial for what listens there: one that means every address is reached by this machine's own. */
export function dialHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

/** port_taken, or invalid_config for what this machine or user cannot listen on. */
export function listenFailure(address: ListenAddress, cause: Error): VsError {
  const shown = formatAddress(address);
  if (cause.message.includes("EADDRINUSE")) {
    return new VsError("port_taken", `another program listens on ${shown} already`, {
      hint: "Stop that program, or choose another port in the configuration",
      cause,
    });
  }
  return new VsError("invalid_config", `cannot listen on ${shown}: ${cause.message}`, {
    hint: "Choose an address that this machine has, and a port that this user may open",
    cause,
  });
}
