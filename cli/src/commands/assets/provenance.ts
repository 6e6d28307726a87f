// What an asset was made from and with: its source, what the probe found, the exact targets, and for each piece which
// node made it with which build; of one piece, what ffmpeg was told.
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import { escapeText } from "../../escape-text.ts";
import { formatBytes, orNothing } from "../../formats.ts";
import { assetArgs } from "../../named-args.ts";
import { provenanceFields } from "../../provenance-page.ts";
import type { PieceProvenance, Provenance } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const columns: Column<PieceProvenance>[] = [
  { title: "PIECE", value: ({ pieceId }) => pieceId },
  { title: "MADE BY", value: ({ nodeName, nodeId }) => orNothing(nodeName ?? nodeId) },
  { title: "TOOLCHAIN", value: ({ toolchain }) => orNothing(toolchain) },
  { title: "FFMPEG", value: ({ ffmpegVersion }) => orNothing(ffmpegVersion) },
  { title: "OBJECTS", value: ({ objects }) => String(objects.length), align: "right" },
  { title: "BYTES", value: (piece) => formatBytes(bytesOf(piece)), align: "right" },
];

export default class AssetsProvenance extends VsctlCommand {
  static override args = assetArgs;
  static override flags = {
    piece: Flags.string({ description: "of this piece alone, with what ffmpeg was told", helpValue: "PIECE" }),
  };
  static override examples = ["vsctl assets provenance ID --piece video-00000"];

  async run(): Promise<Provenance | PieceProvenance> {
    const { args, flags } = await this.parse(AssetsProvenance);
    await using client = await this.connect(flags);
    const provenance = await client.getProvenance(args.id);
    if (flags.piece !== undefined) return await this.#showPiece(pieceOf(provenance, flags.piece));
    await this.printFields(provenanceFields(provenance));
    if (provenance.pieces.length > 0) {
      this.print("");
      await this.printTable(provenance.pieces, columns);
    }
    return provenance;
  }

  async #showPiece(piece: PieceProvenance): Promise<PieceProvenance> {
    await this.printFields([
      ["piece", piece.pieceId],
      ["made by", orNothing(piece.nodeName ?? piece.nodeId)],
      ["toolchain", orNothing(piece.toolchain)],
      ["ffmpeg", orNothing(piece.ffmpegVersion)],
      ...piece.objects.map(({ sha256, bytes }) => ["object", `${sha256}, ${bytes} bytes`] as const),
    ]);
    if (this.jsonEnabled()) return piece;
    this.print("");
    if (piece.arguments.length === 0) this.say("No run of ffmpeg is on record for it");
    for (const line of piece.arguments) this.log(escapeText(line));
    return piece;
  }
}

function pieceOf({ asset, pieces }: Provenance, pieceId: string): PieceProvenance {
  const found = pieces.find((piece) => piece.pieceId === pieceId);
  if (found !== undefined) return found;
  throw new VsError("not_found", `asset ${asset} has no piece ${JSON.stringify(pieceId)}`, {
    hint: `See its pieces with: vsctl assets provenance ${asset}`,
  });
}

function bytesOf({ objects }: PieceProvenance): number {
  return objects.reduce((sum, { bytes }) => sum + bytes, 0);
}
