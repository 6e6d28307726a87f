// Where a local cluster lives: its programs' configuration, data and logs, and the record of what runs.
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface DevFolder {
  readonly path: string;
  /** What runs; see cluster-record.ts. */
  readonly recordFile: string;
  /** The configuration of vsctl for this cluster. */
  readonly vsctlConfig: string;
  readonly lockFile: string;
}

/** @param dir as given by `--dir`; none: one in the user's state folder */
export function devFolder(dir: string | undefined, env: Readonly<Record<string, string | undefined>>): DevFolder {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local/state");
  const path = dir === undefined ? join(state, "vstream", "dev") : resolve(dir);
  return {
    path,
    recordFile: join(path, "cluster.json"),
    vsctlConfig: join(path, "vsctl.json"),
    lockFile: join(path, ".lock"),
  };
}

/** The files of one program: `control`, or a node's name. */
export function programFiles(folder: DevFolder, name: string) {
  const home = name === controlName ? join(folder.path, "control") : join(folder.path, "nodes", name);
  return {
    home,
    configFile: join(home, name === controlName ? "control.yaml" : "agent.yaml"),
    dataDir: join(home, "data"),
    tokenFile: join(home, "join-token"),
    logFile: join(folder.path, "logs", `${name}.log`),
  };
}

export const controlName = "control";
