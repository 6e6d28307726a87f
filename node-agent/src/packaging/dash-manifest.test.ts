import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { Manifest, Piece } from "@vstream/core/media.ts";
import { dashManifest } from "./dash-manifest.ts";
import { ratioOf } from "./dash-sets.ts";
import {
  sampleAudio,
  sampleHevc,
  sampleManifest,
  sampleObject,
  sampleTextPiece,
  sampleTextTarget,
} from "./sample-manifest.fixture.ts";

const alone = { pathways: [], publishedAt: Date.UTC(2026, 0, 2, 3, 4, 5) };
const whole = sampleManifest({ complete: true, releasedChunks: 4 });

function lines(manifest: Manifest, name: string): string[] {
  return dashManifest(manifest, alone)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`<${name}`));
}

/** The same with its video from one chunk on changed. */
function withInitFrom(chunk: number, startTicks: number): Manifest {
  const pieces = whole.pieces.map((piece): Piece => {
    const { content } = piece;
    if (content.kind !== "video") return piece;
    const renditions = content.renditions.map((rendition) => ({
      ...rendition,
      init: content.chunk < chunk ? rendition.init : sampleObject(`${rendition.rung} other init`),
      segments: rendition.segments.map((one) => ({ ...one, startTicks: one.startTicks + startTicks })),
    }));
    return { ...piece, content: { ...content, renditions } };
  });
  return { ...whole, pieces };
}

describe("a DASH manifest", () => {
  it("reads as written down when the asset is complete", () => {
    const manifest = { ...sampleManifest({ complete: true, releasedChunks: 2 }) };
    const hash = (name: string): string => sampleObject(name).sha256;
    const track = (name: string, timeScale: number, ticks: number): string => `<SegmentList timescale="${timeScale}">
          <Initialization sourceURL="${hash(`${name} init`)}.mp4"/>
          <SegmentTimeline>
            <S t="0" d="${ticks}" r="1"/>
          </SegmentTimeline>
          <SegmentURL media="${hash(`${name} segment 0`)}.m4s"/>
          <SegmentURL media="${hash(`${name} segment 1`)}.m4s"/>
        </SegmentList>`;
    assert.equal(
      dashManifest(manifest, alone),
      `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:full:2011" type="static" mediaPresentationDuration="PT12.000000S" minBufferTime="PT6.050000S">
  <ProgramInformation>
    <Title>Big Buck Bunny</Title>
  </ProgramInformation>
  <Period id="0" start="PT0.000000S">
    <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" maxWidth="640" maxHeight="360">
      <Representation id="360p" codecs="avc1.64001e" bandwidth="1218000" width="640" height="360" frameRate="24" sar="1:1">
        ${track("360p", 12288, 73728)}
      </Representation>
      <Representation id="234p" codecs="avc1.64001e" bandwidth="318000" width="416" height="234" frameRate="24" sar="1:1">
        ${track("234p", 12288, 73728)}
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="100" contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1">
      <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>
      <Label>English</Label>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Representation id="audio-0" codecs="mp4a.40.2" bandwidth="132000" audioSamplingRate="48000">
        ${track("audio", 48000, 288256)}
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
`,
    );
  });

  it("has a set for each codec and range, which players may change between, and says what high range is", () => {
    const [first, second] = whole.renditions;
    const modern = [sampleHevc(first!, "HLG"), sampleHevc(first!, "SDR")];
    const pieces = whole.pieces.map((piece): Piece => {
      const { content } = piece;
      if (content.kind !== "video") return piece;
      const [own] = content.renditions;
      const more = modern.map(({ rung, codecs }) => ({ ...own!, rung: rung.name, codecs }));
      return { ...piece, content: { ...content, renditions: [...more, ...content.renditions] } };
    });
    const manifest = { ...whole, renditions: [...modern, first!, second!], pieces };
    const told = [...lines(manifest, "AdaptationSet"), ...lines(manifest, "Representation")];
    assert.deepEqual(
      told.map((line) => /id="([^"]*)"(?:.*codecs="([^"]*)")?/.exec(line)?.slice(1, 3).join(" ").trim()),
      [
        ...["1", "2", "3", "100", "360p avc1.64001e", "234p avc1.64001e", "360p-hevc hvc1.1.6.L90.90"],
        ...["360p-hdr hvc1.2.4.L90.90", "audio-0 mp4a.40.2"],
      ],
    );
    assert.deepEqual(lines(manifest, "EssentialProperty"), [
      '<EssentialProperty schemeIdUri="urn:mpeg:mpegB:cicp:ColourPrimaries" value="9"/>',
      '<EssentialProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" value="18"/>',
      '<EssentialProperty schemeIdUri="urn:mpeg:mpegB:cicp:MatrixCoefficients" value="9"/>',
    ]);
    assert.deepEqual(
      lines(manifest, "SupplementalProperty").map((line) => /value="(.*)"/.exec(line)?.[1]),
      ["2,3", "1,3", "1,2"],
    );
  });

  it("is dynamic while the asset grows, from when the asset was made, with the length that it will have", () => {
    const [mpd] = lines(sampleManifest({ assetId: newId("asset", Date.UTC(2026, 0, 2, 3, 4, 0, 7)) }), "MPD");
    assert.match(mpd ?? "", / type="dynamic" availabilityStartTime="2026-01-02T03:04:00.007Z" /);
    assert.match(mpd ?? "", / publishTime="2026-01-02T03:04:05.000Z" minimumUpdatePeriod="PT3S" /);
    assert.match(mpd ?? "", / mediaPresentationDuration="PT24.000000S" /);
    assert.equal(lines(sampleManifest(), "UTCTiming").length, 1);
    assert.equal(lines(whole, "UTCTiming").length, 0);
  });

  it("only gains segments from version to version", () => {
    const before = lines(sampleManifest(), "SegmentURL");
    const after = lines(sampleManifest({ releasedChunks: 3 }), "SegmentURL");
    assert.equal(before.length, 6);
    assert.equal(after.length, 9);
    assert.ok(before.every((line) => after.includes(line)));
  });

  it("names every way to the media, this node's own beside the manifest", () => {
    const pathways = [
      { id: "noA", base: "" },
      { id: "noB", base: "http://b.example:7800/v/as1/?a&b" },
    ];
    const text = dashManifest(whole, { ...alone, pathways });
    assert.match(
      text,
      /<BaseURL serviceLocation="noA">\.\/<\/BaseURL>\n +<BaseURL serviceLocation="noB">http:\/\/b\.example:7800\/v\/as1\/\?a&amp;b</,
    );
  });

  it("has an adaptation set for each track, and for text what is converted, as one file", () => {
    const manifest = {
      ...whole,
      audio: [
        sampleAudio(0, "en"),
        { ...sampleAudio(0, "de"), target: { ...sampleAudio(0, "de").target, channels: 6 } },
      ],
      text: [sampleTextTarget(0, { hearingImpaired: true, defaultTrack: true }), sampleTextTarget(1)],
      extras: [sampleTextPiece(0)],
    };
    assert.deepEqual(lines(manifest, "Label"), [
      "<Label>English</Label>",
      "<Label>German (5.1)</Label>",
      "<Label>English (SDH)</Label>",
    ]);
    assert.deepEqual(
      lines(manifest, "Role").map((line) => /value="(.*?)"/.exec(line)?.[1]),
      ["main", "alternate", "caption", "main"],
    );
    assert.deepEqual(lines(manifest, "BaseURL"), ["<BaseURL>text/0.vtt</BaseURL>"]);
    assert.ok(lines(manifest, "AdaptationSet").at(-1)?.includes('mimeType="text/vtt" lang="en"'));
  });

  it("begins a period where an init segment changes, each track's times going on from there", () => {
    const manifest = { ...withInitFrom(2, 0), text: [sampleTextTarget(0)], extras: [sampleTextPiece(0)] };
    assert.deepEqual(lines(manifest, "Period"), [
      '<Period id="0" start="PT0.000000S">',
      '<Period id="1" start="PT12.000000S">',
    ]);
    assert.deepEqual(lines(manifest, "S ").slice(3), [
      '<S t="147456" d="73728" r="1"/>',
      '<S t="147456" d="73728" r="1"/>',
      '<S t="576512" d="288256" r="1"/>',
    ]);
    assert.deepEqual(
      lines(manifest, "SegmentList").map((line) => /presentationTimeOffset="(\d+)"/.exec(line)?.[1]),
      [undefined, undefined, undefined, "147456", "147456", "576000"],
    );
    assert.equal(lines(manifest, "Initialization").length, 6);
    assert.equal(lines(manifest, "BaseURL").length, 0);
  });

  it("takes the first picture for the start when the track's times begin later", () => {
    const manifest = { ...withInitFrom(9, 12_288), audio: [] };
    assert.deepEqual(lines(manifest, "Period"), ['<Period id="0" start="PT0.000000S">']);
    assert.match(lines(manifest, "SegmentList")[0] ?? "", /presentationTimeOffset="12288"/);
    assert.match(lines(manifest, "MPD")[0] ?? "", /mediaPresentationDuration="PT24.000000S"/);
  });

  it("writes a gap and a length that differs into the timeline", () => {
    const pieces = whole.pieces.map((piece): Piece => {
      const { content } = piece;
      if (content.kind !== "audio" || content.chunk !== 2) return piece;
      const [segment] = content.rendition.segments;
      const segments = [{ ...segment!, startTicks: segment!.startTicks + 1024, durationTicks: 1024 }];
      return { ...piece, content: { ...content, rendition: { ...content.rendition, segments } } };
    });
    assert.deepEqual(lines({ ...whole, pieces }, "S ").slice(2), [
      '<S t="0" d="288256" r="1"/>',
      '<S t="577536" d="1024"/>',
      '<S t="864768" d="288256"/>',
    ]);
  });

  it("lets nothing out of an attribute or an element", () => {
    const title = `</Title><x y="'">&amp;\u0000${String.fromCharCode(0xd800)}\u{1F600}\n]]>`;
    const [line] = lines({ ...whole, title }, "Title");
    assert.equal(line, "<Title>&lt;/Title&gt;&lt;x y=&quot;&apos;&quot;&gt;&amp;amp;  \u{1F600}&#10;]]&gt;</Title>");
  });

  it("writes frame rates as whole numbers and ratios", () => {
    const rates = [24, 23.976, 24000 / 1001, 29.97, 59.94, 12.5, 50, 0.0001];
    assert.deepEqual(rates.map(ratioOf), [
      ...["24", "24000/1001", "24000/1001", "30000/1001", "60000/1001", "12500/1000", "50", "1/1000"],
    ]);
  });
});
