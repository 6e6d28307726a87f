// The choice of what is heard and of what is written beneath the picture. Each menu is there when there is a choice. What
// it does to a player ends with that player's signal.
import Hls from "hls.js";

export function showAudio(menu: HTMLSelectElement, hls: Hls, signal: AbortSignal): void {
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_event, { audioTracks }) => {
    const options = audioTracks.map(({ name }, index) => new Option(name, String(index)));
    menu.replaceChildren(...options);
    show(menu, options.length > 1);
  });
  hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_event, { id }) => {
    menu.value = String(id);
  });
  const choose = (): void => {
    hls.audioTrack = Number(menu.value);
  };
  menu.addEventListener("change", choose, { signal });
}

export function showSubtitles(menu: HTMLSelectElement, hls: Hls, signal: AbortSignal): void {
  hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_event, { subtitleTracks }) => {
    const options = subtitleTracks.map(({ name }, index) => new Option(name, String(index)));
    menu.replaceChildren(new Option("Off", "-1"), ...options);
    menu.value = String(hls.subtitleTrack);
    show(menu, options.length > 0);
  });
  // The browser's own menu switches too.
  hls.on(Hls.Events.SUBTITLE_TRACK_SWITCH, (_event, { id }) => {
    menu.value = String(id);
  });
  const choose = (): void => {
    hls.subtitleTrack = Number(menu.value);
  };
  menu.addEventListener("change", choose, { signal });
}

function show(menu: HTMLSelectElement, isChoice: boolean): void {
  const label = menu.closest("label");
  if (label !== null) label.hidden = !isChoice;
}
