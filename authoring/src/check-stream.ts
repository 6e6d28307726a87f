// All rules on what one multivariant playlist leads to. Pure: whoever has the playlists and the segments may ask.
import { checkCoding } from "./coding-rules.ts";
import type { Finding } from "./findings.ts";
import { checkIFrames } from "./i-frame-rules.ts";
import { checkMediaPlaylist } from "./media-playlist-rules.ts";
import { checkMultivariant, checkTrickPlay } from "./multivariant-rules.ts";
import { checkRates } from "./rate-rules.ts";
import { checkRenditions, frameSecondsOf } from "./rendition-rules.ts";
import { checkPathways } from "./steering-rules.ts";
import { checkSubtitles } from "./subtitle-rules.ts";
import { checkTrack } from "./track-rules.ts";
import { spanOf } from "./track-span.ts";
import type { StreamView } from "./views.ts";

export function checkStream(stream: StreamView): Finding[] {
  const views = [...stream.media.values()];
  const frameSeconds = frameSecondsOf(views);
  const starts = views.filter(({ kind }) => kind === "video" || kind === "audio").map(spanOf);
  const startSeconds = starts.find((span) => span !== null)?.startSeconds ?? 0;
  return [
    ...checkMultivariant(stream.multivariant),
    ...(views.every(({ playlist }) => playlist.ended) ? checkTrickPlay(stream.multivariant) : []),
    ...checkPathways(stream.multivariant),
    ...views.flatMap((view) => [
      ...checkMediaPlaylist(view.playlist, view.kind),
      ...checkTrack(view, frameSeconds),
      ...checkIFrames(view),
      ...checkSubtitles(view, startSeconds),
    ]),
    ...checkRenditions(stream),
    ...checkCoding(stream),
    ...checkRates(stream),
  ];
}
