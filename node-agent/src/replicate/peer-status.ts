// How a node says that it is, and the form of it that another node takes.
import { z } from "zod";
import type { PeerStatus } from "./peers.ts";

/** A status is some 300 bytes. */
export const statusLimitBytes = 16 * 1024;

const amount = z.number().nonnegative();

export const peerStatusShape: z.ZodType<PeerStatus> = z.object({
  ready: z.boolean(),
  load: z.object({
    usedBytes: amount,
    capacityBytes: amount,
    tasksRunning: amount,
    viewers: amount,
    egressBps: amount,
    connections: amount,
    processor: amount,
    disk: amount,
    egressLimitBps: amount,
    viewersQuietMs: amount,
  }),
});
