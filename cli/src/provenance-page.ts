// What an asset was made from, and into what, for people.
import { formatBitrate, formatBytes, formatLength, orNothing } from "./formats.ts";
import type { Fields } from "./pages.ts";
import type { ProbeShape, Provenance, RungShape } from "./shapes.ts";

export function provenanceFields({ asset, source, ladder, probe, rungs }: Provenance): Fields {
  return [
    ["asset", asset],
    ["source", `${orNothing(source.name)}, ${formatBytes(source.bytes)}`],
    ...(source.url === null ? [] : [["from", source.url] as const]),
    ["sha-256", orNothing(source.sha256)],
    ...(probe === null ? [] : probeFields(probe)),
    ["ladder", ladder],
    ...rungs.map((rung): Fields[number] => ["rung", describeRung(rung)]),
  ];
}

function probeFields({ format, durationSeconds, video, audio, text, warnings }: ProbeShape): Fields {
  return [
    ["format", `${format}, ${formatLength(durationSeconds)}`],
    ...(video === null ? [] : [["video", describeVideo(video)] as const]),
    ...audio.map(({ codec, channels, sampleRate, language }): Fields[number] => [
      "audio",
      `${codec}, ${channels} channels, ${sampleRate} Hz${language === "" ? "" : `, ${language}`}`,
    ]),
    ...text.map(({ codec, language }): Fields[number] => ["text", `${codec}${language === "" ? "" : `, ${language}`}`]),
    ...warnings.map((warning): Fields[number] => ["note", warning]),
  ];
}

// A source of sound alone has no video of its own: it is given one.
function describeVideo({ codec, width, height, frameRate, pixelFormat }: NonNullable<ProbeShape["video"]>): string {
  const size = `${width}x${height}, ${Number(frameRate.toFixed(3))} fps`;
  return codec === "" ? `none; a still, ${size}` : `${codec}, ${size}, ${pixelFormat}`;
}

function describeRung({ name, width, height, codec, preset, profile, crf, maxrateBps, bufferBits }: RungShape): string {
  const rate = `at most ${formatBitrate(maxrateBps)} over ${Number((bufferBits / maxrateBps).toFixed(2))} s`;
  return `${name}, ${width}x${height}, ${codec} ${profile}, ${preset}, crf ${crf}, ${rate}`;
}
