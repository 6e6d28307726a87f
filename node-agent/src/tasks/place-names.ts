// The objects that an asset's playlists name, and what people know them by.
import type { Manifest, ObjectRef, RenditionSegments } from "@vstream/core/media.ts";

interface NamedPlace {
  readonly object: ObjectRef;
  readonly name: string;
}

export class PlaceNames {
  readonly #places = new Map<string, NamedPlace>();

  constructor({ pieces }: Manifest) {
    const counts = new Map<string, number>();
    // In playing order: a rendition's segments are counted through all chunks.
    for (const { content } of pieces) {
      if (content.kind === "video") for (const one of content.renditions) this.#add(one.rung, one, counts);
      if (content.kind === "audio") this.#add(`audio ${String(content.track)}`, content.rendition, counts);
    }
  }

  /** @param path below the asset; null: it is none of its objects */
  objectAt(path: string): ObjectRef | null {
    return this.#places.get(path)?.object ?? null;
  }

  nameOf(path: string): string {
    return this.#places.get(path)?.name ?? path;
  }

  #add(rendition: string, { init, segments }: RenditionSegments, counts: Map<string, number>): void {
    this.#places.set(`${init.sha256}.mp4`, { object: init, name: `${rendition}, init segment` });
    let count = counts.get(rendition) ?? 0;
    for (const { object } of segments) {
      count += 1;
      this.#places.set(`${object.sha256}.m4s`, { object, name: `${rendition}, segment ${String(count)}` });
    }
    counts.set(rendition, count);
  }
}
