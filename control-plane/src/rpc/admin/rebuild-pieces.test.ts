import assert from "node:assert/strict";
import { audioPieceId, sourcePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { NodeRecord } from "../../catalog/records.ts";
import { buildFinished, buildNode, buildTask, buildView, hash, nodeId } from "../../planning/snapshot.fixture.ts";
import type { ViewParts } from "../../planning/snapshot.fixture.ts";
import { lackingPieces, rebuiltPiece } from "./rebuild-pieces.ts";
import type { RebuildFacts, RebuiltPiece } from "./rebuild-pieces.ts";

const video = videoPieceId(0);
const error = { code: "encode_mismatch", message: "other bytes", hint: "" } as const;

/** A ready asset on nodes a and b, and who holds some of its pieces instead. */
function factsOf(
  copies: Readonly<Partial<Record<PieceId, readonly string[]>>>,
  changes: { parts?: ViewParts; nodes?: readonly NodeRecord[]; facts?: Partial<RebuildFacts> } = {},
): RebuildFacts {
  const finished = buildFinished(["a", "b"]);
  const asset = { ...finished.asset, ...changes.parts?.asset };
  const parts = {
    ...finished,
    ...changes.parts,
    asset,
    copies: { ...finished.copies, ...copies } as ViewParts["copies"],
  };
  const view = buildView(parts as ViewParts);
  const nodes = changes.nodes ?? [buildNode("a"), buildNode("b")];
  return {
    ...{ view, nodes: new Map(nodes.map((node) => [node.id, node])), succeeded: [], isVerified: true },
    before: new Map(view.pieces.map(({ id, content }) => [id, objectsOf(content)])),
    ...changes.facts,
  };
}

function stateOf(facts: RebuildFacts, pieceId = video): Pick<RebuiltPiece, "state" | "sameBytes"> & { code: string } {
  const { state, sameBytes, failure } = rebuiltPiece(pieceId, facts);
  return { state, sameBytes, code: failure?.code ?? "" };
}

describe("what is to be rebuilt of an asset", () => {
  it("is what is not on every home that can take it, as often as wanted", () => {
    assert.deepEqual(lackingPieces(factsOf({})), []);
    assert.deepEqual(lackingPieces(factsOf({ [video]: ["a"], [sourcePieceId]: [] })), [sourcePieceId, video]);
    const away = [buildNode("a"), buildNode("b", { health: "down" })];
    assert.deepEqual(
      lackingPieces(factsOf({ [video]: ["b"] }, { nodes: away })),
      [video],
      "only where nobody can read",
    );
    assert.deepEqual(
      lackingPieces(factsOf({ [video]: ["a"] }, { nodes: away })),
      [],
      "a node that is away is not waited for",
    );
    const cordoned = [buildNode("a"), buildNode("b", { scheduling: "cordoned" })];
    assert.deepEqual(lackingPieces(factsOf({ [video]: ["a"] }, { nodes: cordoned })), []);
  });

  it("is never a source that was not to be kept, nor a piece of another edition", () => {
    const parts = { asset: { keepSource: "ready", readyAt: 1 } } as const;
    assert.deepEqual(lackingPieces(factsOf({ [sourcePieceId]: [] }, { parts })), []);
    assert.deepEqual(lackingPieces(factsOf({ [videoPieceId(0, 1)]: [] })), []);
    const never = { asset: { keepSource: "never", state: "playable" } } as const;
    assert.deepEqual(lackingPieces(factsOf({ [sourcePieceId]: ["b"] }, { parts: never })), []);
  });
});

describe("a piece that is rebuilt", () => {
  const encode = buildTask("transcode", { pieceId: video, nodeId: nodeId("a"), state: "succeeded" });

  it("was copied, or encoded to the same bytes or to others", () => {
    assert.deepEqual(stateOf(factsOf({})), { state: "copied", sameBytes: false, code: "" });
    const facts = { succeeded: [encode] };
    assert.deepEqual(stateOf(factsOf({}, { facts })), { state: "encoded", sameBytes: true, code: "" });
    const before = new Map([[video, [{ sha256: hash("others"), bytes: 1 }]]]);
    assert.equal(stateOf(factsOf({}, { facts: { ...facts, before } })).sameBytes, false);
  });

  it("is made by the encode of its track when it is sound", () => {
    const succeeded = [buildTask("audio", { pieceId: audioPieceId(0, 0), state: "succeeded" })];
    assert.equal(stateOf(factsOf({}, { facts: { succeeded } }), audioPieceId(0, 1)).state, "encoded");
    assert.equal(stateOf(factsOf({}, { facts: { succeeded } })).state, "copied");
  });

  it("says what it is at", () => {
    const none = { [video]: [] };
    const waiting = buildTask("transcode", { pieceId: video });
    assert.equal(stateOf(factsOf(none, { parts: { open: [waiting] } })).state, "waiting");
    assert.equal(stateOf(factsOf(none, { parts: { open: [{ ...waiting, state: "leased" }] } })).state, "encoding");
    const copying = buildTask("replicate", { pieceId: video, nodeId: nodeId("b") });
    assert.equal(stateOf(factsOf({ [video]: ["a"] }, { parts: { open: [copying] } })).state, "copying");
    assert.equal(stateOf(factsOf(none)).state, "waiting", "until planning has looked");
  });

  it("cannot be made again without the source, after a dead encode, or in an asset that failed", () => {
    const none = { [video]: [] };
    const noSource = factsOf({ ...none, [sourcePieceId]: [] });
    assert.deepEqual(stateOf(noSource), { state: "failed", sameBytes: false, code: "object_missing" });
    assert.equal(stateOf({ ...noSource, isVerified: false }).state, "waiting");
    const dead = [buildTask("transcode", { pieceId: videoPieceId(1), state: "dead", error })];
    assert.equal(stateOf(factsOf(none, { parts: { dead } })).code, "encode_mismatch");
    assert.equal(stateOf(factsOf({ [video]: ["a"] }, { parts: { dead } })).state, "waiting", "it can be copied");
    const failed = { asset: { state: "failed", error } } as const;
    assert.equal(stateOf(factsOf(none, { parts: failed })).code, "encode_mismatch");
  });

  it("has failed when the home that lacks it has no room, and no other node has, or when its copy died", () => {
    const lacking = { [video]: ["a"] };
    const full = buildNode("b", { usedBytes: 999_999_999_999, capacityBytes: 1_000_000_000_000 });
    const nodes = [buildNode("a"), full];
    assert.equal(stateOf(factsOf(lacking, { nodes })).code, "storage_full");
    assert.equal(stateOf({ ...factsOf(lacking, { nodes }), isVerified: false }).state, "waiting");
    assert.equal(
      stateOf(factsOf(lacking, { nodes: [...nodes, buildNode("c")] })).state,
      "waiting",
      "c takes its place",
    );
    const copying = buildTask("replicate", { pieceId: video, nodeId: nodeId("b") });
    const open = (changes: Partial<typeof copying>) => ({ parts: { open: [{ ...copying, ...changes }] } });
    assert.equal(stateOf(factsOf(lacking, { ...open({ state: "leased" }), nodes })).state, "copying");
    assert.equal(stateOf(factsOf(lacking, open({ notBefore: 1 }))).code, "unavailable", "the next try is for later");
    assert.equal(stateOf(factsOf(lacking, open({ notBefore: 1, failures: 1, state: "waiting" }))).state, "copying");
  });

  it("is hoped for while a node is away that may bring it back", () => {
    const nodes = [buildNode("a"), buildNode("b", { health: "down" })];
    assert.equal(stateOf(factsOf({ [video]: ["b"], [sourcePieceId]: [] }, { nodes })).state, "waiting");
    assert.equal(
      stateOf(factsOf({ [video]: ["b"], [sourcePieceId]: [] }, { nodes: nodes.slice(0, 1) })).state,
      "failed",
    );
  });
});
