// Pure: the command line and environment under which ffmpeg and ffprobe run. They never outlive the agent, inherit
// none of its secrets, and cannot take all memory.

/** Of one process's address space. */
const memoryLimitKilobytes = 8 * 1024 * 1024;

// An agent that died before setpriv had asked for the signal would never cause it, so the shell looks once more who
// its parent is. The memory limit may already be lower; then that one holds.
const guardScript = `[ "$PPID" = "$1" ] || exit 70; shift; ulimit -c 0; ulimit -v ${memoryLimitKilobytes} 2>/dev/null; exec "$@"`;

export const guardProgram = "setpriv";

/** Arguments of `setpriv` that make it become the program, bound to the agent's life. */
export function guardedArguments(program: string, args: readonly string[], agentPid: number): string[] {
  return ["--pdeathsig", "KILL", "sh", "-c", guardScript, "sh", String(agentPid), program, ...args];
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
