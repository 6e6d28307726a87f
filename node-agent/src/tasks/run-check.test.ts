// Checks of a real clip that this agent's own functions encoded, and of what was tampered with afterwards.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { contentRuleCount } from "@vstream/authoring/rules.ts";
import { laterBy } from "@vstream/authoring/testing/edit-media.fixture.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { segmentSeconds } from "@vstream/core/media.ts";
import type { CheckReport, Manifest, ObjectRef, Piece, Segment, VideoContent } from "@vstream/core/media.ts";
import { tools } from "../media/trial-media.fixture.ts";
import { trialCluster } from "../replicate/trial-nodes.fixture.ts";
import type { TrialCluster, TrialNode } from "../replicate/trial-nodes.fixture.ts";
import { encodeRealAsset } from "../serving/real-asset.fixture.ts";
import { runTrialWork } from "./trial-work.fixture.ts";

describe("a check before an asset is ready", function () {
  this.timeout(60_000);
  let cluster: TrialCluster;
  let home: TrialNode;
  let away: TrialNode;
  let manifest: Manifest;

  before(async () => {
    cluster = await trialCluster(2);
    [home, away] = cluster.nodes as [TrialNode, TrialNode];
    manifest = measured({ ...(await encodeRealAsset(home.store)), homeNodeIds: [home.nodeId] });
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const check = async (node: TrialNode, checked: Manifest, holders: NodeId[] = []): Promise<CheckReport> => {
    const work = { kind: "check", holders, edition: checked.edition } as const;
    const { check, pieces } = await runTrialWork(node, work, { assetId: checked.assetId, tools, manifest: checked });
    assert.deepEqual(pieces, []);
    return check ?? assert.fail("no report");
  };
  const mustsOf = ({ findings }: CheckReport): string[] =>
    findings.filter(({ level }) => level === "must").map(({ rule, subject }) => `${rule} in ${subject}`);

  /** The manifest with one segment of the first rung's second chunk changed, under the hash that it then has. */
  const tampered = async (change: (bytes: Buffer) => Buffer): Promise<Manifest> => {
    const segment = segmentOf(manifest);
    const object = await home.store.putBytes(change(await home.store.read(segment.object.sha256)));
    return withSegment(manifest, { ...segment, object });
  };

  it("finds no rule broken that must hold", async () => {
    const report = await check(home, manifest);
    assert.equal(report.rules, contentRuleCount);
    assert.ok(report.rules > 60);
    assert.deepEqual(mustsOf(report), []);
  });

  it("gives the same on a node that holds nothing, and leaves no piece there", async () => {
    assert.deepEqual(await check(away, manifest, [home.nodeId]), await check(home, manifest));
    assert.deepEqual([...away.store.inventory()], []);
  });

  it("names the rule and the segment where a fragment's time is not the one before plus its duration", async () => {
    const report = await check(home, await tampered(laterBy(1000n)));
    assert.deepEqual([...new Set(mustsOf(report))], ["Apple 7.3 in tiny, segment 2", "Apple 7.3 in tiny, segment 3"]);
    assert.match(report.findings[0]?.message ?? "", /a tfdt is \d+, where \d+ is due/);
  });

  it("goes on from where it was when it reads again what is broken", async () => {
    const checked = await tampered(laterBy(1000n));
    const shares: number[] = [];
    const onProgress = (share: number): void => void shares.push(share);
    const work = { kind: "check", holders: [], edition: 0 } as const;
    await runTrialWork(home, work, { assetId: checked.assetId, tools, manifest: checked, onProgress });
    assert.deepEqual(
      shares,
      shares.toSorted((one, other) => one - other),
    );
    assert.equal(shares.at(-1), 1);
  });

  it("reads those of an asset that was encoded anew as well", async () => {
    assert.deepEqual(mustsOf(await check(home, { ...manifest, edition: 1 })), []);
    const report = await check(home, { ...(await tampered(laterBy(1000n))), edition: 1 });
    assert.deepEqual([...new Set(mustsOf(report))], ["Apple 7.3 in tiny, segment 2", "Apple 7.3 in tiny, segment 3"]);
  });

  it("finds a segment that is cut, and a playlist whose rates are wrong", async () => {
    const cut = await check(home, await tampered((bytes) => bytes.subarray(0, bytes.length - 100)));
    assert.ok(mustsOf(cut).includes("Readable in tiny, segment 2"), JSON.stringify(cut));
    const [rendition, ...others] = manifest.renditions;
    assert.ok(rendition);
    const wrong = { ...rendition, averageBandwidthBps: rendition.averageBandwidthBps * 1.5 };
    const rates = await check(home, { ...manifest, renditions: [wrong, ...others] });
    assert.deepEqual(mustsOf(rates), [`Apple 1.26 in video/${rendition.rung.name}.m3u8`]);
  });

  it("does not take what a disk has done for what was encoded", async () => {
    const copy = await home.store.read(segmentOf(manifest).object.sha256);
    const object = await away.store.putBytes(copy);
    const path = away.store.pathOf(object.sha256) ?? assert.fail();
    await writeFile(path, laterBy(1000n)(copy));
    assert.deepEqual(mustsOf(await check(away, manifest, [home.nodeId])), []);
    assert.deepEqual(away.damaged.includes(object.sha256), true);
  });

  it("fails, and judges nothing, when what it needs cannot be had or is not complete", async () => {
    const missing: ObjectRef = { sha256: "0".repeat(64) as ObjectRef["sha256"], bytes: 1000 };
    const incomplete = withSegment(manifest, { ...segmentOf(manifest), object: missing });
    await assert.rejects(check(home, incomplete), { code: "object_missing" });
    await assert.rejects(check(home, { ...manifest, complete: false }), { code: "unavailable" });
  });
});

function videoOf(piece: Piece): VideoContent | null {
  return piece.content.kind === "video" ? piece.content : null;
}

function segmentOf({ pieces }: Manifest): Segment {
  const content = pieces.map(videoOf).find((video) => video?.chunk === 1);
  return content?.renditions[0]?.segments[0] ?? assert.fail("no second chunk");
}

function withSegment(manifest: Manifest, segment: Segment): Manifest {
  const old = segmentOf(manifest);
  const changed = (piece: Piece): Piece => {
    const content = videoOf(piece);
    if (content === null) return piece;
    const renditions = content.renditions.map((rendition) => ({
      ...rendition,
      segments: rendition.segments.map((one) => (one === old ? segment : one)),
    }));
    return { ...piece, content: { ...content, renditions } };
  };
  return { ...manifest, pieces: manifest.pieces.map(changed) };
}

/** With the rates that it has, as far as segments of full length tell them. */
function measured(manifest: Manifest): Manifest {
  const rates = (segments: readonly Segment[], timeScale: number) => {
    const bits = segments.reduce((sum, { object }) => sum + object.bytes * 8, 0);
    const seconds = segments.reduce((sum, { durationTicks }) => sum + durationTicks, 0) / timeScale;
    const long = segments.filter(({ durationTicks }) => durationTicks / timeScale >= segmentSeconds / 2);
    const peaks = long.map(({ object, durationTicks }) => (object.bytes * 8 * timeScale) / durationTicks);
    return { bandwidthBps: Math.max(...peaks), averageBandwidthBps: bits / seconds };
  };
  const contents = manifest.pieces.map(({ content }) => content);
  const audio = manifest.audio.map((one) => {
    const parts = contents.filter((content) => content.kind === "audio");
    return {
      ...one,
      ...rates(
        parts.flatMap(({ rendition }) => rendition.segments),
        parts[0]?.timeScale ?? 1,
      ),
    };
  });
  const renditions = manifest.renditions.map((one) => {
    const parts = contents.filter((content) => content.kind === "video");
    const own = parts.flatMap((part) => part.renditions.filter(({ rung }) => rung === one.rung.name));
    const video = rates(
      own.flatMap(({ segments }) => segments),
      parts[0]?.timeScale ?? 1,
    );
    return {
      ...one,
      bandwidthBps: video.bandwidthBps + (audio[0]?.bandwidthBps ?? 0),
      averageBandwidthBps: video.averageBandwidthBps + (audio[0]?.averageBandwidthBps ?? 0),
    };
  });
  return { ...manifest, audio, renditions };
}
