// Playing by the browser itself, where it has no Media Source Extensions. It knows one node at a time: when that one
// fails, the next is taken at the same position.
import type { Playback } from "./engine-hls.ts";

const attemptsInARow = 6;

/** Gives what turns to another edition, the first being the page's: at the same position, playing or not as before. */
export function playNatively(
  video: HTMLVideoElement,
  playback: Playback & { readonly edition: number },
): (edition: number) => void {
  const { homes, url, onTrouble } = playback;
  let played = playback.edition;
  let attempts = 0;
  const start = (): void => {
    const position = video.currentTime;
    video.src = homes.urlOn(homes.current, url);
    if (position > 0) {
      video.addEventListener("loadedmetadata", () => (video.currentTime = position), { once: true });
    }
  };
  video.addEventListener("playing", () => (attempts = 0));
  video.addEventListener("error", () => {
    attempts += 1;
    if (attempts > attemptsInARow) {
      onTrouble({ status: 0, text: video.error?.message ?? "" });
      return;
    }
    homes.failed(homes.current);
    start();
    void video.play().catch(() => undefined);
  });
  start();
  return (edition) => {
    if (edition <= played || video.ended) return;
    played = edition;
    const { paused, playbackRate } = video;
    start();
    video.playbackRate = playbackRate;
    if (!paused) void video.play().catch(() => undefined);
  };
}
