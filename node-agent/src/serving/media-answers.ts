// What answers the routes below /v/{asset}/, but for the list of homes.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import type { Steering as PlaylistSteering } from "../packaging/multivariant-playlist.ts";
import type { Home } from "../steering/places.ts";
import type { Steering } from "../steering/steering.ts";
import { wantsOnePathway } from "../steering/steering-query.ts";
import type { LoadMeter } from "./load-meter.ts";
import type { Reply } from "./reply.ts";
import type { AssetAnswer, Call, MediaAnswers } from "./routes.ts";
import type { AssetFiles } from "./serve-asset.ts";
import type { ExtraFiles } from "./serve-extras.ts";
import { viewerOf } from "./viewer-address.ts";

export interface MediaParts {
  readonly meter: Pick<LoadMeter, "sawViewer">;
  readonly files: AssetFiles;
  readonly extras: ExtraFiles;
  readonly steering: Steering;
}

/** @param selfFor this node under its own address */
export function mediaAnswersOf(parts: MediaParts, selfFor: (call: Call) => Home): Omit<MediaAnswers, "homes"> {
  const { meter, files, extras, steering } = parts;
  // Whoever is given nothing watches nothing: anybody can ask for what is deleted, or was never there.
  const watched =
    (answer: AssetAnswer): AssetAnswer =>
    async (call, assetId): Promise<Reply> => {
      const reply = await answer(call, assetId);
      const isGiven = reply.status < 300 || reply.status === 304;
      if (isGiven) meter.sawViewer(viewerOf(call.request.socket.remoteAddress ?? ""), assetId);
      return reply;
    };
  const steer =
    (call: Call) =>
    (manifest: Manifest): PlaylistSteering | null =>
      wantsOnePathway(call.request.url ?? "") ? null : steering.playlist(manifest, selfFor(call));
  const object = (call: Call, assetId: AssetId): Promise<Reply> => {
    const { hash = "", extension = "" } = call.parts;
    return files.object(call.request, assetId, { hash, extension });
  };
  const watchedObject = watched(object);
  return {
    index: (call, assetId) => files.index(call.request, assetId, steer(call)),
    dash: (call, assetId) => files.dash(call.request, assetId, steer(call)),
    video: watched((call, assetId) => files.video(call.request, assetId, rungOf(call))),
    iframes: watched((call, assetId) => files.iframes(call.request, assetId, rungOf(call))),
    audio: watched((call, assetId) =>
      files.audio(call.request, assetId, { edition: editionOf(call), track: trackOf(call) }),
    ),
    text: (call, assetId) => files.text(call.request, assetId, trackOf(call)),
    textSegment: (call, assetId) => {
      const asked = { track: trackOf(call), segment: Number(call.parts["segment"]) };
      return extras.textSegment(call.request, assetId, asked);
    },
    wholeText: (call, assetId) => extras.wholeText(call.request, assetId, trackOf(call)),
    // Who looks at pictures is choosing, not watching.
    object: (call, assetId) => (call.parts["extension"] === "jpg" ? object : watchedObject)(call, assetId),
    poster: (call, assetId) => extras.poster(call.request, assetId),
    thumbnails: (call, assetId) => files.thumbnails(call.request, assetId),
  };
}

function rungOf(call: Call): { edition: number; rung: string } {
  return { edition: editionOf(call), rung: call.parts["rung"] ?? "" };
}

function editionOf(call: Call): number {
  return Number(call.parts["edition"] ?? 0);
}

function trackOf(call: Call): number {
  return Number(call.parts["track"]);
}
