// Plans a new local cluster and writes the configuration of its programs: ports that are free now, used from then on.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { ClusterRecord } from "./cluster-record.ts";
import { controlName, programFiles } from "./dev-folder.ts";
import type { DevFolder } from "./dev-folder.ts";
import { findFreePorts } from "./free-ports.ts";

/**
 * The record of a cluster that was never started, with its files written.
 * @param regions of the nodes, one each
 * @param zones of the nodes, taken in turn; none: they have no zones
 */
export async function planCluster(
  folder: DevFolder,
  regions: readonly string[],
  zones: readonly string[] = [],
): Promise<ClusterRecord> {
  const names = nameNodes(regions);
  const [admin = 0, agents = 0, http = 0, ...ports] = await findFreePorts(3 + 2 * regions.length);
  const record: ClusterRecord = {
    version: 1,
    control: { process: null, address: at(admin), agentAddress: at(agents), httpUrl: `http://${at(http)}` },
    nodes: names.map((name, index) => ({
      process: null,
      id: "",
      name,
      region: regions[index] ?? "",
      playbackUrl: `http://${at(ports[2 * index])}`,
      dataDir: programFiles(folder, name).dataDir,
    })),
  };
  writeControlConfig(folder, { admin, agents, http });
  names.forEach((name, index) => {
    const [playback = 0, peer = 0] = ports.slice(2 * index);
    const place = { region: regions[index] ?? "", zone: zones[index % zones.length] ?? "" };
    writeAgentConfig(folder, { name, ...place, admin, playback, peer, nodes: names.length });
  });
  return record;
}

/** `eu`, `eu`, `us` → `eu-1`, `eu-2`, `us-1`. */
export function nameNodes(regions: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return regions.map((region) => {
    const count = (counts.get(region) ?? 0) + 1;
    counts.set(region, count);
    return `${region}-${count}`;
  });
}

/** So many nodes, with the regions taken in turn. */
export function spreadRegions(regions: readonly string[], nodes: number): string[] {
  return Array.from({ length: nodes }, (_, index) => regions[index % regions.length] ?? "");
}

function writeControlConfig(folder: DevFolder, ports: { admin: number; agents: number; http: number }): void {
  const { dataDir } = programFiles(folder, controlName);
  writeConfig(folder, controlName, {
    dataDir,
    listen: at(ports.admin),
    agentListen: at(ports.agents),
    httpListen: at(ports.http),
  });
}

interface AgentSettings {
  readonly name: string;
  readonly region: string;
  readonly zone: string;
  readonly admin: number;
  readonly playback: number;
  readonly peer: number;
  readonly nodes: number;
}

function writeAgentConfig(folder: DevFolder, settings: AgentSettings): void {
  const { dataDir, tokenFile } = programFiles(folder, settings.name);
  writeConfig(folder, settings.name, {
    name: settings.name,
    region: settings.region,
    ...(settings.zone === "" ? {} : { zone: settings.zone }),
    dataDir,
    controlUrl: `https://${at(settings.admin)}`,
    joinTokenFile: tokenFile,
    playbackListen: at(settings.playback),
    peerListen: at(settings.peer),
    // The agents share this machine's cores.
    encodeSlots: Math.max(1, Math.floor(availableParallelism() / settings.nodes)),
  });
}

// JSON's values are YAML's too.
function writeConfig(folder: DevFolder, name: string, values: Readonly<Record<string, string | number>>): void {
  const { home, configFile } = programFiles(folder, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const lines = Object.entries(values).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  writeFileSync(configFile, lines.join(""));
}

function at(port: number | undefined): string {
  return `127.0.0.1:${port ?? 0}`;
}
