// Branded ids, so that one kind cannot be passed for another, and how new ones are made.
// New ids sort by the time of their making; they are safe in URLs, file names and playlists.
import { randomBytes } from "node:crypto";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type AssetId = Branded<"AssetId">;
export type NodeId = Branded<"NodeId">;
export type TaskId = Branded<"TaskId">;
export type TokenId = Branded<"TokenId">;
/**
 * `source`, `timeline`, `text-0`; and by edition `video-00012`, `audio-0-00012`, `images`, which with a later edition
 * are `e1-video-00012` and so on. Unique within an asset.
 */
export type PieceId = Branded<"PieceId">;
/** 64 lower-case hexadecimal digits. */
export type Sha256 = Branded<"Sha256">;

const prefixes = { asset: "as", node: "no", task: "ta", token: "to" } as const;
interface IdOf {
  asset: AssetId;
  node: NodeId;
  task: TaskId;
  token: TokenId;
}

/**
 * A new id: two letters for its kind, nine for the millisecond, eleven at random (55 bits).
 * @param nowMs milliseconds since the epoch
 */
export function newId<Kind extends keyof IdOf>(kind: Kind, nowMs: number): IdOf[Kind] {
  return (prefixes[kind] + base32OfTime(nowMs) + randomBase32(11)) as IdOf[Kind];
}

/** Whether a string has the form of an id of that kind; says nothing about whether it exists. */
export function isId<Kind extends keyof IdOf>(kind: Kind, text: string): text is IdOf[Kind] {
  return new RegExp(`^${prefixes[kind]}[0-9a-z]{20}$`).test(text);
}

/** When an id was made, milliseconds since the epoch. */
export function madeAtOf(id: AssetId | NodeId | TaskId | TokenId): number {
  let ms = 0;
  for (const digit of id.slice(2, 11)) ms = ms * 32 + Math.max(0, alphabet.indexOf(digit));
  return ms;
}

export function isSha256(text: string): text is Sha256 {
  return /^[0-9a-f]{64}$/.test(text);
}

export const sourcePieceId = "source" as PieceId;
export const timelinePieceId = "timeline" as PieceId;
/** Of the first edition. */
export const imagesPieceId = "images" as PieceId;

export function imagesPieceIdIn(edition: number): PieceId {
  return inEdition(edition, imagesPieceId);
}

export function videoPieceId(chunk: number, edition = 0): PieceId {
  return inEdition(edition, `video-${padded(chunk)}`);
}

export function audioPieceId(track: number, chunk: number, edition = 0): PieceId {
  return inEdition(edition, `audio-${String(track)}-${padded(chunk)}`);
}

export function textPieceId(track: number): PieceId {
  return `text-${String(track)}` as PieceId;
}

/** The edition that a piece belongs to; null: to every one, as the source, the timeline and text do. */
export function editionOf(pieceId: PieceId): number | null {
  if (/^(source|timeline|text-\d+)$/.test(pieceId)) return null;
  return Number(/^e(\d+)-/.exec(pieceId)?.[1] ?? 0);
}

/** Which audio track the piece is of; null: it is none of sound. */
export function audioTrackOf(pieceId: PieceId): number | null {
  const track = /^(?:e\d+-)?audio-(\d+)-/.exec(pieceId)?.[1];
  return track === undefined ? null : Number(track);
}

/** How often an asset can be encoded anew. */
export const editionLimit = 9_999;

/** Whether a string may name a piece: it becomes part of a file name on agents. */
export function isPieceId(text: string): text is PieceId {
  return /^(source|timeline|text-\d{1,2}|(e[1-9]\d{0,3}-)?(images|video-\d{5}|audio-\d{1,2}-\d{5}))$/.test(text);
}

function inEdition(edition: number, name: string): PieceId {
  return (edition === 0 ? name : `e${String(edition)}-${name}`) as PieceId;
}

function padded(chunk: number): string {
  return String(chunk).padStart(5, "0");
}

// Crockford's alphabet in lower case: no i, l, o, u.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

function base32OfTime(nowMs: number): string {
  let rest = Math.floor(nowMs);
  let text = "";
  for (let digit = 0; digit < 9; digit += 1) {
    text = (alphabet[rest % 32] ?? "0") + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function randomBase32(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % 32]).join("");
}
