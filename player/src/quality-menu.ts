// The choice of a rendition: automatic, or one of the asset's rungs that this browser can play.
import Hls from "hls.js";
import { labelsOf } from "./quality-labels.ts";

/** @param signal ends what the menu does to this player */
export function showQualities(menu: HTMLSelectElement, hls: Hls, signal: AbortSignal): void {
  const show = (): void => {
    const labels = labelsOf(hls.levels);
    const options = labels.map((label, index) => new Option(label, String(index))).toReversed();
    menu.replaceChildren(new Option("Auto", "-1", true, true), ...options);
    if (!hls.autoLevelEnabled) menu.value = String(hls.nextLevel);
    menu.disabled = options.length < 2;
  };
  hls.on(Hls.Events.MANIFEST_PARSED, show);
  if (hls.levels.length > 0) show();
  // Some turn out to be more than the machine can decode.
  hls.on(Hls.Events.LEVELS_UPDATED, show);
  hls.on(Hls.Events.LEVEL_SWITCHED, (_event, { level }) => {
    const height = hls.levels[level]?.height;
    const auto = menu.options[0];
    if (auto !== undefined && height !== undefined) {
      auto.text = hls.autoLevelEnabled ? `Auto · ${String(height)}p` : "Auto";
    }
  });
  const choose = (): void => {
    // From the next fragment on, what is buffered after it is fetched anew; the picture does not stop.
    hls.nextLevel = Number(menu.value);
  };
  menu.addEventListener("change", choose, { signal });
}
