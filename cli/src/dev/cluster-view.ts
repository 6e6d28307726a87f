// A local cluster as `vsctl dev` commands show it.
import { escapeText } from "../escape-text.ts";
import type { Fields } from "../pages.ts";
import type { ClusterRecord } from "./cluster-record.ts";
import type { DevFolder } from "./dev-folder.ts";
import { runs } from "./start-cluster.ts";

export interface DevCluster {
  readonly config: string;
  readonly controlPlane: {
    /** Null when it does not run. */
    readonly pid: number | null;
    readonly address: string;
    readonly httpUrl: string;
  };
  readonly nodes: readonly {
    readonly id: string;
    readonly name: string;
    readonly region: string;
    readonly pid: number | null;
    readonly playbackUrl: string;
    readonly dataDir: string;
  }[];
}

export function viewCluster(folder: DevFolder, record: ClusterRecord): DevCluster {
  const { address, httpUrl } = record.control;
  return {
    config: folder.vsctlConfig,
    controlPlane: { pid: pidOf(record.control), address, httpUrl },
    nodes: record.nodes.map((node) => ({
      id: node.id,
      name: node.name,
      region: node.region,
      pid: pidOf(node),
      playbackUrl: node.playbackUrl,
      dataDir: node.dataDir,
    })),
  };
}

/** What runs, a line each. */
export function clusterFields({ controlPlane, nodes }: DevCluster): Fields {
  return [
    ["control", `${stateOf(controlPlane.pid)}  ${controlPlane.address}`],
    ...nodes.map((node) => [node.name, `${stateOf(node.pid)}  ${node.playbackUrl}`] as const),
  ];
}

/** The line for a shell that makes vsctl talk to the cluster. */
export function exportLine({ config }: DevCluster): string {
  const plain = /^[\w./@:+-]+$/.test(config);
  return `export VSCTL_CONFIG=${plain ? config : `'${escapeText(config).replaceAll("'", `'\\''`)}'`}`;
}

function stateOf(pid: number | null): string {
  return pid === null ? "stopped" : `running (process ${pid})`;
}

function pidOf(entry: Parameters<typeof runs>[0]): number | null {
  return runs(entry) ? (entry.process?.pid ?? null) : null;
}
