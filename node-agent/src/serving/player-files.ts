// The built player as it stands in its folder: read once, served from memory, so that no name from a URL ever
// becomes a path.
import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { z } from "zod";
import { VsError } from "@vstream/core/errors.ts";
import { encodeText } from "./reply.ts";
import type { EncodedText } from "./reply.ts";

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

/** What the player's build writes beside its files. */
const buildRecord = z.object({ page: z.string(), version: z.string() });

export interface PlayerFiles {
  /** HTML with the marks that watch-page.ts fills. */
  readonly page: string;
  readonly files: ReadonlyMap<string, EncodedText>;
}

export class PlayerFolder {
  readonly #folder: string;
  #files: PlayerFiles | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws VsError unavailable when the player has not been built; looks again at the next call */
  async read(): Promise<PlayerFiles> {
    this.#files ??= await readPlayer(this.#folder);
    return this.#files;
  }
}

async function readPlayer(folder: string): Promise<PlayerFiles> {
  try {
    const record = buildRecord.parse(JSON.parse(await readFile(join(folder, "player.json"), "utf8")));
    const names = (await readdir(folder)).filter((name) => types[extname(name)] !== undefined);
    const files = await Promise.all(
      names.map(async (name): Promise<[string, EncodedText]> => {
        const text = await readFile(join(folder, name));
        return [name, encodeText(text, types[extname(name)] ?? "")];
      }),
    );
    return { page: await readFile(join(folder, record.page), "utf8"), files: new Map(files) };
  } catch (cause) {
    throw new VsError("unavailable", `the player page has not been built: nothing usable in ${folder}`, {
      hint: "Run: npm run build",
      cause,
    });
  }
}
