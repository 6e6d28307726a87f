// Whether a node reports what its task is to make: it can only add that, and in the form that playlists rely on.
import { VsError } from "@vstream/core/errors.ts";
import { isIdOf } from "@vstream/core/media.ts";
import type { Piece } from "@vstream/core/media.ts";
import { requireAssetRow } from "./assets.ts";
import { planFromJson } from "./stored-media.ts";
import type { Db, TaskRow } from "./tables.ts";

/** @throws VsError invalid_argument when the task's own piece is not among them */
export function requirePiece(task: TaskRow, pieces: readonly Piece[]): void {
  if (pieces.some((piece) => piece.id === task.piece_id)) return;
  throw new VsError("invalid_argument", `the report of ${task.id} lacks ${task.piece_id}`);
}

/** @throws VsError invalid_argument for a piece that is not the task's to make, or is not as it has to be */
export async function checkPieces(db: Db, task: TaskRow, pieces: readonly Piece[]): Promise<void> {
  const track = /^(?:e\d+-)?audio-\d+-/.exec(task.piece_id)?.[0];
  for (const piece of pieces) {
    const expected =
      task.kind === "audio" ? track !== undefined && piece.id.startsWith(track) : piece.id === task.piece_id;
    if (!expected || !isIdOf(piece.id, piece.content)) {
      throw new VsError("invalid_argument", `the report of ${task.id} brings ${piece.id}, which is not its to make`);
    }
    await checkText(db, task, piece);
  }
}

// A playlist of text names a file for each chunk.
async function checkText(db: Db, task: TaskRow, { id, content }: Piece): Promise<void> {
  if (content.kind !== "text") return;
  const { plan } = await requireAssetRow(db, task.asset_id);
  const wanted = plan === null ? 0 : planFromJson(plan).chunks.length;
  if (content.chunks.length === wanted) return;
  const found = `${id} with ${content.chunks.length} files for ${wanted} chunks`;
  throw new VsError("invalid_argument", `the report of ${task.id} brings ${found}`);
}
