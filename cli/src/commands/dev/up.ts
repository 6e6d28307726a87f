// Starts a whole cluster on this machine, each program its own process in the background.
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import { planCluster, spreadRegions } from "../../dev/cluster-files.ts";
import { readRecord, writeRecord } from "../../dev/cluster-record.ts";
import type { ClusterRecord } from "../../dev/cluster-record.ts";
import { clusterFields, exportLine, viewCluster } from "../../dev/cluster-view.ts";
import type { DevCluster } from "../../dev/cluster-view.ts";
import { devFolder } from "../../dev/dev-folder.ts";
import type { DevFolder } from "../../dev/dev-folder.ts";
import { lockFolder } from "../../dev/folder-lock.ts";
import { startPrograms, stoppedPrograms } from "../../dev/start-cluster.ts";
import { devFlags } from "../../dev-flags.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const defaultRegions = ["eu", "eu", "us"];

interface Wanted {
  readonly nodes?: number | undefined;
  readonly regions?: string[] | undefined;
  readonly zones?: string[] | undefined;
}

export default class DevUp extends VsctlCommand {
  static override flags = {
    ...devFlags,
    nodes: Flags.integer({ description: "how many nodes (3)", min: 1, max: 64, helpValue: "N" }),
    regions: Flags.string({
      description: "their regions, taken in turn (eu,eu,us)",
      helpValue: "R,R",
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ",",
    }),
    zones: Flags.string({
      description: "their zones, taken in turn (none)",
      helpValue: "Z,Z",
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ",",
    }),
  };

  async run(): Promise<DevCluster> {
    const { flags } = await this.parse(DevUp);
    const folder = devFolder(flags.dir, process.env);
    using _lock = lockFolder(folder);
    const known = readRecord(folder);
    if (known !== undefined) assertStartable(folder, known, flags);
    const record = known === undefined || wasNeverUp(known) ? await plan(folder, flags) : known;
    const options = {
      clock: this.clock,
      signal: this.signal,
      say: (text: string) => {
        this.say(text);
      },
    };
    await startPrograms(folder, record, { ...options, names: stoppedPrograms(record) });
    const cluster = viewCluster(folder, record);
    for (const [name, value] of clusterFields(cluster)) this.say(`${name.padEnd(8)}  ${value}`);
    this.log(exportLine(cluster));
    return cluster;
  }
}

function assertStartable(folder: DevFolder, record: ClusterRecord, wanted: Wanted): void {
  const stopped = stoppedPrograms(record);
  if (stopped.length < record.nodes.length + 1) {
    const some = stopped.length === 0 ? "" : `, but for ${stopped.join(", ")}`;
    throw new VsError("cluster_exists", `a cluster is running in ${folder.path}${some}`, {
      hint: stopped.length === 0 ? "Stop it with: vsctl dev down" : "Start the rest with: vsctl dev start NAME",
    });
  }
  if (wasNeverUp(record)) return;
  const regions = record.nodes.map((node) => node.region);
  const same = wanted.regions === undefined && wanted.nodes === undefined ? regions : wantedRegions(wanted);
  if (same.join() === regions.join() && wanted.zones === undefined) return;
  throw new VsError(
    "cluster_exists",
    `there is a stopped cluster of other nodes in ${folder.path}: ${regions.join()}`,
    {
      hint: "Start that one by leaving --nodes, --regions and --zones out, or name another folder: --dir D",
    },
  );
}

// Its ports may have been taken since: it is planned anew.
function wasNeverUp(record: ClusterRecord): boolean {
  return record.nodes.every(({ id }) => id === "");
}

async function plan(folder: DevFolder, wanted: Wanted): Promise<ClusterRecord> {
  const record = await planCluster(folder, wantedRegions(wanted), wantedZones(wanted));
  writeRecord(folder, record);
  return record;
}

function wantedRegions({ nodes, regions = defaultRegions }: Wanted): string[] {
  const wrong = regions.find((region) => !/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(region));
  if (wrong !== undefined) {
    throw new VsError("usage", `"${wrong}" is not a region`, { hint: "Write regions in lower-case letters: eu,eu,us" });
  }
  return spreadRegions(regions, nodes ?? regions.length);
}

function wantedZones({ zones = [] }: Wanted): string[] {
  const wrong = zones.find((zone) => !/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(zone));
  if (wrong === undefined) return zones;
  throw new VsError("usage", `"${wrong}" is not a zone`, { hint: "Write zones in letters and digits: a,b,c" });
}
