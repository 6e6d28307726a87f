// Where the corpus is made: a folder that is gone afterwards, the real clips, and a small film cut out of one of them
// from which other encoders make theirs.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const runLimitMs = 120_000;

export class Bed implements AsyncDisposable {
  readonly #folder: string;
  readonly #made = new Map<string, Promise<string>>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Bed> {
    return new Bed(await mkdtemp(join(tmpdir(), "vstream-corpus-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** A clip of test/media. */
  clip(name: string): string {
    return fileURLToPath(new URL(`../media/${name}`, import.meta.url));
  }

  /** 8 s of 192x108 at 24 a second with stereo, lossless. */
  async film(): Promise<string> {
    const cut = ["-ss", "4", "-t", "8", "-i", this.clip("bbb-480p-30s.mp4")];
    const lossless = ["-vf", "scale=192:108,setsar=1", "-c:v", "ffv1", "-ac", "2", "-c:a", "pcm_s16le"];
    return await this.once("film.mkv", (path) => this.ffmpeg([...cut, ...lossless, path]));
  }

  /** The film as H.264 with B-frames and AAC. */
  async plain(): Promise<string> {
    return await this.once("plain.mp4", async (path) =>
      this.ffmpeg(["-i", await this.film(), ...h264, "-c:a", "aac", path]),
    );
  }

  /** Makes a file once, however many ask for it. */
  async once(name: string, make: (path: string) => Promise<void>): Promise<string> {
    const path = this.path(name);
    const making = this.#made.get(name) ?? make(path).then(() => path);
    this.#made.set(name, making);
    return await making;
  }

  async ffmpeg(args: readonly string[]): Promise<void> {
    await run("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args], { timeout: runLimitMs });
  }

  /** What ffmpeg says on its standard error. */
  async ffmpegSays(args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run("ffmpeg", ["-nostdin", "-hide_banner", ...args], {
      ...{ timeout: runLimitMs, maxBuffer: 1e8 },
    });
    return stdout + stderr;
  }

  /** A copy of a file with its bytes changed. */
  async patched(from: string, to: string, change: (bytes: Buffer) => Buffer): Promise<void> {
    await writeFile(to, change(await readFile(from)));
  }
}

export const h264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "48", "-crf", "16"];
