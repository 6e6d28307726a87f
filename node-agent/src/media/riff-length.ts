// How many bytes of a RIFF file (WAV) are missing by its own count: ffmpeg makes such a file out to be shorter.
import { ReadableFile } from "./local-files.ts";

/** Writers that cannot go back leave a placeholder near one of the limits of 31 or 32 bits. */
const largestBelievedBytes = 0x7ff0_0000;
/** Many writers are off by some padding. */
const forgivenBytes = 4096;
const forgivenShare = 0.005;

/** 0 when nothing is missing, when it is no RIFF file, or when its count says nothing. */
export async function missingRiffBytes(sourcePath: string, sourceBytes: number): Promise<number> {
  await using file = await ReadableFile.open(sourcePath);
  const head = await file.read(0, 8);
  if (head.length < 8 || head.toString("latin1", 0, 4) !== "RIFF") return 0;
  const counted = head.readUInt32LE(4) + 8;
  if (counted > largestBelievedBytes) return 0;
  const missing = counted - sourceBytes;
  return missing > Math.max(forgivenBytes, counted * forgivenShare) ? missing : 0;
}
