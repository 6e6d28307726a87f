// Processor time as the kernel counts it: user and system, of processes and of all their ended children. A busy
// machine makes a run longer, but hardly dearer.
import { readFile } from "node:fs/promises";

/** USER_HZ: the unit of the times in /proc/PID/stat, fixed on Linux. */
const ticksPerSecond = 100;

/** Processor seconds that a process and its ended children have used so far. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const { own, children } = await times(pid);
  return own + children;
}

/** Processor seconds of this process' ended children. */
export async function cpuSecondsOfChildren(): Promise<number> {
  return (await times(process.pid)).children;
}

/** Resident memory of a process, bytes. */
export async function residentBytesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

async function times(pid: number): Promise<{ own: number; children: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets, and may hold spaces; utime is the 14th.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { own: (utime + stime) / ticksPerSecond, children: (cutime + cstime) / ticksPerSecond };
}
