// How a node says that it is, as another node takes it: a node of another release may say less or nothing of it, and
// figures that cannot be are as if they were not said.
import { z } from "zod";
import type { Load } from "@vstream/core/media.ts";
import type { PeerAnswer } from "./peers.ts";

/** A status is some 300 bytes. */
export const statusLimitBytes = 16 * 1024;

const amount = z.number().nonnegative();

const load: z.ZodType<Load> = z.object({
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
});

/** Takes anything. */
export const peerAnswerShape: z.ZodType<PeerAnswer> = z
  .object({ ready: z.boolean().catch(true), load: load.nullable().catch(null) })
  .catch({ ready: true, load: null });
