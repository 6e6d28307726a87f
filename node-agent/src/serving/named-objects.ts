// The objects that viewers may ask for by hash: those that the playlists of its editions name, each as the kind
// of file that it is.
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Manifest, ObjectRef, Piece } from "@vstream/core/media.ts";

export interface NamedObject {
  readonly object: ObjectRef;
  readonly extension: string;
  /** MIME. */
  readonly type: string;
}

export function namedObjects(manifest: Manifest): Map<Sha256, NamedObject> {
  const previous = manifest.previous.flatMap(({ pieces }) => pieces);
  const found = [...previous, ...manifest.pieces, ...manifest.extras].flatMap(objectsIn);
  return new Map(found.map((named) => [named.object.sha256, named]));
}

function objectsIn({ content }: Piece): NamedObject[] {
  switch (content.kind) {
    case "video":
    case "audio":
      return (content.kind === "video" ? content.renditions : [content.rendition]).flatMap(({ init, segments }) => [
        { object: init, extension: "mp4", type: `${content.kind}/mp4` },
        ...segments.map(({ object }) => ({ object, extension: "m4s", type: "video/iso.segment" })),
      ]);
    case "text":
      return content.chunks.map((object) => ({ object, extension: "vtt", type: "text/vtt" }));
    case "images":
      return [content.poster, ...content.sheets].map(({ object }) => ({
        object,
        extension: "jpg",
        type: "image/jpeg",
      }));
    case "source":
    case "timeline":
      return [];
  }
}
