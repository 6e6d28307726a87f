// Where the repository, its clips and its built programs are.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const clip = join(repository, "test", "media", "bbb-480p-30s.mp4");
/** Ten seconds: two segments, one rung. */
export const shortClip = join(repository, "test", "media", "firstpts-10s.mp4");

export function builtProgram(name: "vsctl" | "vstream-control" | "vstream-agent"): string {
  return join(repository, "dist", "bin", name);
}
