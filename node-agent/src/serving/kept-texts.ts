// Texts that are written out of an asset's manifest, kept in both encodings until the manifest changes. Each is
// written once, however many ask at one time; memory is bounded.
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { VsError } from "@vstream/core/errors.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { encodeText, textReply } from "./reply.ts";
import type { EncodedText, Reply } from "./reply.ts";

const keptBytes = 16 * 2 ** 20;
/** What an entry takes beside its bytes: keys, tags, objects. */
const entryBytes = 1024;

export interface WantedText {
  /** Of the text among those of its asset. */
  readonly name: string;
  readonly type: string;
  /** Null: there is none. */
  readonly write: (manifest: Manifest) => string | null | Promise<string | null>;
  /** What the asset then has none of. */
  readonly what: string;
}

interface Written {
  readonly version: number;
  readonly text: EncodedText;
}

export class KeptTexts {
  readonly #kept = new LRUCache<string, Written>({
    maxSize: keptBytes,
    sizeCalculation: ({ text }) => text.plain.length + text.gzipped.length + entryBytes,
  });
  readonly #flights = new Map<string, Promise<EncodedText>>();

  /** @throws VsError not_found when there is none, and what writing it throws */
  async reply(request: IncomingMessage, manifest: Manifest, wanted: WantedText): Promise<Reply> {
    const text = await this.#textOf(manifest, wanted);
    // Complete ones change too, when an asset is encoded again or deleted.
    return textReply(request.headers, text, cacheControlOf(manifest));
  }

  async #textOf(manifest: Manifest, wanted: WantedText): Promise<EncodedText> {
    const key = `${manifest.assetId} ${wanted.name}`;
    const kept = this.#kept.get(key);
    if (kept?.version === manifest.version) return kept.text;
    const flightKey = `${key} ${String(manifest.version)}`;
    const running = this.#flights.get(flightKey);
    if (running !== undefined) return await running;
    const flight = write(manifest, wanted).finally(() => this.#flights.delete(flightKey));
    this.#flights.set(flightKey, flight);
    const text = await flight;
    this.#kept.set(key, { version: manifest.version, text });
    return text;
  }
}

/** How long what an asset's names mean may be taken for granted. */
export function cacheControlOf(manifest: Manifest): string {
  return manifest.complete ? "public, max-age=30" : "public, max-age=1";
}

async function write(manifest: Manifest, { write: writing, type, what }: WantedText): Promise<EncodedText> {
  const text = await writing(manifest);
  if (text === null) throw new VsError("not_found", `asset ${manifest.assetId} has no ${what}`);
  return encodeText(text, type);
}
