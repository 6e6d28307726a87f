// Imported first: an agent's garbage is mostly buffers of the network and of files, small next to what it keeps. Left
// to itself, V8 takes their size for a full heap and reads all that is kept through several times a second; told to let
// the heap grow to three times of what is kept, it does so a third as often (a quarter of an agent's own processor time
// in an ingest; measured by `npm run bench -- --only cpu-ingest-bbb`).
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--heap-growing-percent=200");
