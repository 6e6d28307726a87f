// The choice of a rendition: automatic, or one of the asset's rungs.
import Hls from "hls.js";

export function showQualities(menu: HTMLSelectElement, hls: Hls): void {
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    const rungs = hls.levels.map((level, index) => ({ index, height: level.height, bitrateBps: level.bitrate }));
    const options = rungs.toReversed().map(({ index, height, bitrateBps }) => {
      const twice = rungs.filter((rung) => rung.height === height).length > 1;
      const rate = twice ? ` · ${(bitrateBps / 1e6).toFixed(1)} Mb/s` : "";
      return new Option(`${String(height)}p${rate}`, String(index));
    });
    menu.replaceChildren(new Option("Auto", "-1", true, true), ...options);
    menu.disabled = rungs.length < 2;
  });
  hls.on(Hls.Events.LEVEL_SWITCHED, (_event, { level }) => {
    const height = hls.levels[level]?.height;
    const auto = menu.options[0];
    if (auto !== undefined && height !== undefined) {
      auto.text = hls.autoLevelEnabled ? `Auto · ${String(height)}p` : "Auto";
    }
  });
  menu.addEventListener("change", () => {
    // From the next fragment on, what is buffered after it is fetched anew; the picture does not stop.
    hls.nextLevel = Number(menu.value);
  });
}
