// Which of too many assets have their turn now: the most urgent ones each time, and of all others the next ones of a
// round, so that nobody waits for ever, whatever is urgent and however large others are. Pure.
import type { AssetId } from "@vstream/core/ids.ts";

/** awaited: somebody waits for it. scarce: one failure more may cost a piece of it. */
export type Urgency = "awaited" | "scarce" | "none";

export interface Waiting {
  readonly id: AssetId;
  readonly urgency: Urgency;
  /** How many it has. */
  readonly pieces: number;
}

export interface TurnLimit {
  readonly assets: number;
  readonly pieces: number;
}

export interface Turn {
  readonly ids: readonly AssetId[];
  /** The last of the round that had its turn; to be given next time. */
  readonly cursor: AssetId | null;
}

/**
 * Half of the limit is for what is awaited, a quarter for what is scarce, and the rest, at least a quarter, for the
 * round. Each part takes at least one, however large. In the round each asset has its turn once in as many turns as it
 * takes to read all with these limits.
 * @param waiting the most urgent of each kind first
 * @param cursor of the turn before; null: the round begins
 */
export function takeTurns(waiting: readonly Waiting[], limit: TurnLimit, cursor: AssetId | null): Turn {
  const awaited = take(ofUrgency("awaited", waiting), shareOf(limit, 1 / 2));
  const scarce = take(ofUrgency("scarce", waiting), shareOf(limit, 1 / 4));
  const urgent = [...awaited, ...scarce];
  const chosen = new Set(urgent.map(({ id }) => id));
  const others = waiting.filter(({ id }) => !chosen.has(id)).sort((one, other) => (one.id < other.id ? -1 : 1));
  const round = take(startAfter(others, cursor), {
    assets: limit.assets - urgent.length,
    pieces: Math.max(limit.pieces / 4, limit.pieces - piecesOf(urgent)),
  });
  return { ids: [...urgent, ...round].map(({ id }) => id), cursor: round.at(-1)?.id ?? cursor };
}

function ofUrgency(urgency: Urgency, waiting: readonly Waiting[]): Waiting[] {
  return waiting.filter((asset) => asset.urgency === urgency);
}

function shareOf({ assets, pieces }: TurnLimit, share: number): TurnLimit {
  return { assets: Math.floor(assets * share), pieces: pieces * share };
}

function startAfter(assets: readonly Waiting[], cursor: AssetId | null): Waiting[] {
  const next = cursor === null ? 0 : assets.findIndex(({ id }) => id > cursor);
  return next < 0 ? [...assets] : [...assets.slice(next), ...assets.slice(0, next)];
}

function take(assets: readonly Waiting[], limit: TurnLimit): Waiting[] {
  let pieces = 0;
  const taken: Waiting[] = [];
  for (const asset of assets.slice(0, limit.assets)) {
    pieces += asset.pieces;
    if (pieces > limit.pieces && taken.length > 0) break;
    taken.push(asset);
  }
  return taken;
}

function piecesOf(assets: readonly Waiting[]): number {
  return assets.reduce((sum, { pieces }) => sum + pieces, 0);
}
