// Imported first: the control plane waits most of its time, so V8 is told to keep its heaps small (about 20 MB less
// resident memory, threads included; measured by `npm run bench -- --only memory-idle`). Threads take the flags over.
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--optimize-for-size");
/** Megabytes of each half of the young generation. */
setFlagsFromString("--max-semi-space-size=2");
/** Heaps that small are collected again after every few requests, unless they may double in between. */
setFlagsFromString("--heap-growing-percent=100");
