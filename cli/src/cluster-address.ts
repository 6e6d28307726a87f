// Which cluster a command talks to: `--server` and VSCTL_TOKEN, else VSCTL_SERVER, else `--config`, else
// VSCTL_CONFIG, else the configuration file in the user's folder.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";

export interface Cluster {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** The cluster's CA certificate; without it, it is fetched and checked against the token. */
  readonly authorityPem?: string;
}

export interface ClusterSources {
  readonly server?: string | undefined;
  readonly config?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const defaultPort = 7700;

/** @throws VsError no_cluster when nothing names one, invalid_config when the file cannot be used */
export function findCluster(sources: ClusterSources): Cluster {
  const server = sources.server ?? sources.env["VSCTL_SERVER"];
  const token = sources.env["VSCTL_TOKEN"];
  if (server === undefined || server === "") return readCluster(configPath(sources));
  const address = parseServer(server);
  if (token !== undefined && token !== "") return { ...address, token };
  // A forwarded port, say: another way to the cluster of the file, whose certificate is still checked.
  try {
    return { ...readCluster(configPath(sources)), ...address };
  } catch (cause) {
    throw new VsError("no_cluster", `there is no token for ${server}`, {
      hint: "Set VSCTL_TOKEN to a token of that cluster; make one there with: vsctl tokens create --for user",
      cause,
    });
  }
}

/** The file that is read when no server is named. */
export function configPath({ config, env }: ClusterSources): string {
  const named = config ?? env["VSCTL_CONFIG"];
  if (named !== undefined && named !== "") return named;
  return join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "vsctl", "config.json");
}

/** @throws VsError usage when it is not `https://host:port` or `host:port` */
export function parseServer(server: string): { host: string; port: number } {
  const url = URL.parse(server.includes("://") ? server : `https://${server}`);
  if (url?.protocol !== "https:" || url.hostname === "" || url.pathname !== "/") {
    throw new VsError("usage", `"${server}" is not the address of a control plane`, {
      hint: "Write it as https://host:7700",
    });
  }
  const host = url.hostname.replaceAll(/^\[|\]$/g, "");
  return { host, port: url.port === "" ? (/:443$/.test(server) ? 443 : defaultPort) : Number(url.port) };
}

function readCluster(path: string): Cluster {
  const content = parseJson(readConfig(path), path);
  const { server, token, authorityPem } = content;
  if (typeof server !== "string" || typeof token !== "string") {
    throw new VsError("invalid_config", `${path} does not name a server and a token`, { hint: remakeHint });
  }
  const address = parseServer(server);
  return typeof authorityPem === "string" ? { ...address, token, authorityPem } : { ...address, token };
}

const remakeHint = "Copy vsctl.json from the control plane's data folder again";

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") {
      throw new VsError("no_cluster", `no cluster is configured: ${path} does not exist`, {
        hint: "Start one with: vsctl dev up. Or name one: --config FILE, or --server URL with VSCTL_TOKEN",
        cause,
      });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VsError("invalid_config", `cannot read ${path}: ${reason}`, { cause });
  }
}

function parseJson(text: string, path: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null) return { ...content };
  } catch {
    // Said below, as for other content that is no object.
  }
  throw new VsError("invalid_config", `${path} is not a configuration of vsctl`, { hint: remakeHint });
}
