// Keeps a second agent off a data folder. The lock is an abstract socket named after the folder's inode: the kernel
// takes it back however the process ends. Those sockets end at a network namespace, so a record of the process
// (its id, and when it started, for ids are used again) is looked at too.
import { createHash } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { z } from "zod";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { errnoOf } from "./disk-failure.ts";
import { readIfThere } from "./durable-file.ts";

const holderShape = z.object({ pid: z.int().positive(), started: z.string() });
type Holder = z.infer<typeof holderShape>;

/** How long the end of an agent that was just killed, or told to stop, is waited for. */
const patienceMs = 3_000;
const pollMs = 100;

/**
 * Holds the folder until disposed of.
 * @throws VsError conflict when a living process has it, and keeps it
 */
export async function lockFolder(folder: string, recordPath: string, clock: Clock): Promise<AsyncDisposable> {
  const endsAtMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    try {
      return await lockNow(folder, recordPath);
    } catch (thrown) {
      if (!(thrown instanceof VsError) || clock.monotonicMs() > endsAtMs) throw thrown;
      await clock.sleep(pollMs);
    }
  }
}

async function lockNow(folder: string, recordPath: string): Promise<AsyncDisposable> {
  const socket = await listenOn(await socketName(folder), () => conflict(folder));
  try {
    const holder = await readHolder(recordPath);
    if (holder !== null && (await isAnotherAlive(holder))) throw conflict(folder, holder.pid);
    await writeFile(recordPath, JSON.stringify({ pid: process.pid, started: await startOf(process.pid) }));
  } catch (thrown) {
    socket.close();
    throw thrown;
  }
  return {
    async [Symbol.asyncDispose]() {
      await rm(recordPath, { force: true });
      await new Promise((resolve) => socket.close(resolve));
    },
  };
}

async function socketName(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const digest = createHash("sha256")
    .update(`${String(dev)}:${String(ino)}`)
    .digest("hex");
  return `\0vstream-agent-${digest.slice(0, 32)}`;
}

async function listenOn(name: string, taken: () => VsError): Promise<Server> {
  const server = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (thrown) => {
      reject(errnoOf(thrown) === "EADDRINUSE" ? taken() : thrown);
    });
    server.listen(name, resolve);
  });
  server.unref();
  return server;
}

async function readHolder(path: string): Promise<Holder | null> {
  const text = await readIfThere(path);
  try {
    return holderShape.parse(JSON.parse(text ?? ""));
  } catch {
    // A record that was cut off by a crash names nobody.
    return null;
  }
}

async function isAnotherAlive(holder: Holder): Promise<boolean> {
  return holder.pid !== process.pid && holder.started !== "" && (await startOf(holder.pid)) === holder.started;
}

/** When a process started, counted by this boot of the machine; empty when there is none. */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const status = await readFile(`/proc/${String(pid)}/stat`, "utf8");
    // proc(5): the 22nd field; the second one is a name in parentheses that may hold spaces.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    // A killed process leaves its remains until somebody asks how it ended.
    const [state = ""] = fields;
    return state === "Z" || state === "X" ? "" : `${boot.trim()}:${fields[19] ?? ""}`;
  } catch {
    return "";
  }
}

function conflict(folder: string, pid?: number): VsError {
  const who = pid === undefined ? "another agent" : `another agent (process ${pid})`;
  return new VsError("conflict", `${who} is using the data folder ${folder}`, {
    hint: "Give each agent a dataDir of its own, or stop the other one",
  });
}
