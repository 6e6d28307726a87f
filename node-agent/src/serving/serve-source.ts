// An asset's source as it was given, for whoever has a ticket for it: whole or a range, block by block, each held
// against its hash before any of it is sent. Only this node's own copy; who asks has tickets for the other nodes.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import { BlockList } from "../replicate/block-list.ts";
import { bytesOfBlocks, runsCovering } from "../replicate/block-spans.ts";
import type { Store } from "../store/store.ts";
import { hashedReply } from "./reply.ts";
import type { ReadableBytes, Reply } from "./reply.ts";
import type { Call } from "./routes.ts";
import { checkDownloadTicket } from "./source-ticket.ts";
import type { TicketDeps } from "./source-ticket.ts";

/** Each holds a block of the source in memory; viewers come first. */
const downloadsAtOnce = 16;

export interface SourceFilesDeps extends TicketDeps {
  readonly store: Pick<Store, "getPiece" | "read" | "readChecked">;
  /** An object on this node's disk is not what its name says. */
  readonly onCorrupt: (sha256: Sha256) => void;
}

export class SourceFiles {
  readonly #deps: SourceFilesDeps;
  #running = 0;

  constructor(deps: SourceFilesDeps) {
    this.#deps = deps;
  }

  /** @throws VsError what source-ticket.ts throws; forbidden, not_found, object_missing, object_corrupt */
  async answer({ request }: Call, assetId: AssetId): Promise<Reply> {
    const ticket = await checkDownloadTicket(request.headers.authorization, this.#deps);
    if (ticket.assetId !== assetId) throw new VsError("forbidden", "the ticket is for another asset's source");
    const content = this.#deps.store.getPiece(assetId, sourcePieceId)?.content;
    if (content?.kind !== "source" || content.source.sha256 !== ticket.sha256) {
      throw new VsError("not_found", `this node does not hold the source of ${assetId}`, {
        hint: "Ask for new tickets with vsctl assets download: they name the nodes that hold it",
      });
    }
    const { sha256 } = ticket;
    const bytes = this.#bytesOf(content, await this.#blockListOf(content));
    const reply = hashedReply(request, {
      ...{ bytes, sha256, type: "application/octet-stream", cacheControl: "private, no-store" },
    });
    return { ...reply, headers: { ...reply.headers, "content-disposition": dispositionOf(ticket.name) } };
  }

  async #blockListOf(source: SourceRef): Promise<BlockList> {
    const { sha256 } = source.blockList;
    return BlockList.of(source, await this.#reading(sha256, () => this.#deps.store.readChecked(sha256)));
  }

  #bytesOf(source: SourceRef, list: BlockList): ReadableBytes {
    const read = (start: number, end: number): AsyncIterable<Uint8Array> => this.#blocks(source, list, { start, end });
    return { sizeBytes: source.source.bytes, isVerified: true, read };
  }

  async *#blocks(
    { source }: SourceRef,
    list: BlockList,
    range: { start: number; end: number },
  ): AsyncGenerator<Buffer> {
    if (this.#running >= downloadsAtOnce) {
      throw new VsError("unavailable", `this node sends ${downloadsAtOnce} sources already`, {
        hint: "Try again later, or at another node",
      });
    }
    this.#running += 1;
    try {
      for (const { start: block } of runsCovering([range], list.blocks, 1)) {
        const { start, end } = bytesOfBlocks({ start: block, end: block + 1 }, list.blocks);
        const bytes = await this.#reading(source.sha256, () => this.#deps.store.read(source.sha256, { start, end }));
        if (!list.isRight(block, bytes)) {
          this.#deps.onCorrupt(source.sha256);
          throw new VsError("object_corrupt", `the source ${source.sha256} is damaged on this node`);
        }
        yield bytes.subarray(Math.max(0, range.start - start), Math.min(end, range.end) - start);
      }
    } finally {
      this.#running -= 1;
    }
  }

  async #reading(sha256: Sha256, read: () => Promise<Buffer>): Promise<Buffer> {
    try {
      return await read();
    } catch (thrown) {
      if (asVsError(thrown).code === "object_corrupt") this.#deps.onCorrupt(sha256);
      throw thrown;
    }
  }
}

// RFC 6266: plain letters for old clients, all of the name in UTF-8 for the others. No path, quote or control character
// of it gets into the header.
function dispositionOf(name: string): string {
  const base = name.replace(/^.*[/\\]/s, "").replace(/\p{Cc}/gu, "") || "source";
  const plain = base.replace(/[^\w .()+,=@~-]/g, "_");
  const whole = encodeURIComponent(base.toWellFormed()).replace(/['()*]/g, (letter) => {
    return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  });
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}
