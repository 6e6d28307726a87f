// Pure: the command line and environment under which ffmpeg and ffprobe run. They never outlive the agent, inherit
// none of its secrets, and cannot take all memory.

/** Of one process's address space. */
const memoryLimitKilobytes = 8 * 1024 * 1024;

// A decoder that is given no limit on pixels: the program, its libraries and threads, and the pictures that a decoder
// and a filter keep, 8 bytes a pixel at the most.
const programKilobytes = 2 * 1024 * 1024;
const picturesKept = 24;
const bytesPerPixel = 8;

/** How much address space decoding pictures of so many pixels takes; far larger ones in the same stream end the run. */
export function memoryForPictures(pixels: number): number {
  const pictures = Math.ceil((pixels * picturesKept * bytesPerPixel) / 1024);
  return Math.min(memoryLimitKilobytes, programKilobytes + pictures);
}

// An agent that died before setpriv had asked for the signal would never cause it, so the shell looks once more who
// its parent is. The memory limit may already be lower; then that one holds.
const guardScript =
  '[ "$PPID" = "$1" ] || exit 70; limit=$2; shift 2; ulimit -c 0; ulimit -v "$limit" 2>/dev/null; exec "$@"';

export const guardProgram = "setpriv";

/**
 * Arguments of `setpriv` that make it become the program, bound to the agent's life.
 * @param limitKilobytes of its address space
 */
export function guardedArguments(
  program: string,
  args: readonly string[],
  agentPid: number,
  limitKilobytes = memoryLimitKilobytes,
): string[] {
  const bounds = [String(agentPid), String(limitKilobytes)];
  return ["--pdeathsig", "KILL", "sh", "-c", guardScript, "sh", ...bounds, program, ...args];
}

/** All that the program sees of the environment. */
export function guardedEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    PATH: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    LC_ALL: "C",
    // The C library's mathematics has variants for newer processors that round differently; all nodes use the oldest.
    GLIBC_TUNABLES: "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
  };
}
