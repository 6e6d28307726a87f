// What a player can be given of an asset, on its way to an agent: domain → proto.
import type { Manifest, ManifestAudio, ManifestEdition, ManifestRendition } from "@vstream/core/media.ts";
import type {
  Manifest as WireManifest,
  ManifestAudio as WireAudio,
  ManifestEdition as WireEdition,
  ManifestRendition as WireRendition,
} from "@vstream/proto/agent.ts";
import { pieceToWire } from "./media.ts";
import { probeToWire, rungToWire, targetToWire, textToWire } from "./probe.ts";

export function manifestToWire(manifest: Manifest): WireManifest {
  return {
    assetId: manifest.assetId,
    version: manifest.version,
    title: manifest.title,
    complete: manifest.complete,
    probe: probeToWire(manifest.probe),
    renditions: manifest.renditions.map(renditionToWire),
    audio: manifest.audio.map(audioToWire),
    pieces: manifest.pieces.map(pieceToWire),
    releasedChunks: manifest.releasedChunks,
    totalChunks: manifest.totalChunks,
    homeNodeIds: [...manifest.homeNodeIds],
    fromChunk: manifest.fromChunk,
    deleted: manifest.deleted,
    text: manifest.text.map(textToWire),
    extras: manifest.extras.map(pieceToWire),
    edition: manifest.edition,
    previous: manifest.previous.map(editionToWire),
  };
}

function editionToWire({ edition, renditions, audio, pieces }: ManifestEdition): WireEdition {
  return {
    edition,
    renditions: renditions.map(renditionToWire),
    audio: audio.map(audioToWire),
    pieces: pieces.map(pieceToWire),
  };
}

function renditionToWire(rendition: ManifestRendition): WireRendition {
  return { ...rendition, rung: rungToWire(rendition.rung) };
}

function audioToWire(audio: ManifestAudio): WireAudio {
  return { ...audio, target: targetToWire(audio.target) };
}
