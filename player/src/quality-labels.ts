// Pure: what renditions are called in the menu: by their lines, and where several have as many, by what sets them apart.

export interface Level {
  readonly height: number;
  readonly bitrate: number;
  /** RFC 6381. */
  readonly videoCodec: string | undefined;
  readonly videoRange: string;
}

/** A name for each, all of them different but where nothing differs. */
export function labelsOf(levels: readonly Level[]): string[] {
  const steps: readonly ((level: Level) => string)[] = [
    ({ height, videoRange }) => `${String(height)}p${videoRange === "SDR" ? "" : " · HDR"}`,
    ({ videoCodec }) => (/^hvc1|^hev1/.test(videoCodec ?? "") ? " · HEVC" : ""),
    ({ bitrate }) => ` · ${(bitrate / 1e6).toFixed(1)} Mb/s`,
  ];
  let labels = levels.map(() => "");
  for (const step of steps) {
    const before = labels;
    const isAlone = (label: string): boolean => label !== "" && before.filter((other) => other === label).length === 1;
    labels = levels.map((level, index) => {
      const label = before[index] ?? "";
      return isAlone(label) ? label : label + step(level);
    });
  }
  return labels;
}
