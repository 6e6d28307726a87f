// How long the disk under a folder has been busy, from Linux' count for each block device.
import { stat } from "node:fs/promises";
import { readFileSync } from "node:fs";

const statistics = "/proc/diskstats";
/** Of a line in it: major, minor, name, then the counts of which this one is the milliseconds spent on any I/O. */
const busyField = 12;

/**
 * Gives a function that tells for how many milliseconds, ever, the device was busy; null when that cannot be told:
 * not on Linux, or a file system without a device of its own (in memory, layered, of several disks, of a network).
 */
export async function diskBusyOf(folder: string): Promise<() => number | null> {
  const { dev } = await stat(folder, { bigint: true });
  // As glibc splits a dev_t.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return () => busyMsOf(readStatistics(), `${String(major)} ${String(minor)}`);
}

/** @param device its major and minor number, with a space between */
export function busyMsOf(text: string, device: string): number | null {
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields.slice(0, 2).join(" ") !== device) continue;
    const busyMs = Number(fields[busyField]);
    return Number.isFinite(busyMs) ? busyMs : null;
  }
  return null;
}

// A file of the kernel's memory: reading it never waits for a disk.
function readStatistics(): string {
  try {
    return readFileSync(statistics, "utf8");
  } catch {
    return "";
  }
}
