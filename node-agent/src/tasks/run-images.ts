// Makes poster and thumbnails out of what is encoded: no source is needed, and only pictures that can be decoded by
// themselves are decoded.
import { imagesPieceIdIn } from "@vstream/core/ids.ts";
import type { Image, ImagesContent, Piece, Work } from "@vstream/core/media.ts";
import { plainToolchain } from "@vstream/core/toolchain.ts";
import { makePoster } from "../media/images-poster.ts";
import { makeSheets } from "../media/images-sheets.ts";
import type { ImageBytes } from "../media/images-sheets.ts";
import { objectReader, renditionOf, wholeManifest } from "./encoded-rendition.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type ImagesTask = Extract<Work, { kind: "images" }>;

export async function runImages(deps: WorkDeps, work: ImagesTask, context: TaskContext): Promise<TaskResult> {
  const { tools, nodeId } = deps;
  const { signal, log: onLog } = context;
  const manifest = await wholeManifest(deps, { assetId: context.assetId, edition: work.edition }, signal);
  const read = objectReader(deps, [...work.holders, ...manifest.homeNodeIds], signal);
  const small = renditionOf(manifest, work.target.thumbnailRung, read);
  const large = renditionOf(manifest, work.target.posterRung, read);
  const run = { tools, scratchFolder: await context.scratch.makeFolder("images"), signal, onLog };
  const poster = await keepImage(deps, await makePoster({ ...run, small, large }));
  const sheets: Image[] = [];
  const { columns, rows, size, plan } = await makeSheets({
    ...{ ...run, source: small, intervalMs: work.target.intervalMs },
    onSheet: async (sheet, count) => {
      sheets.push(await keepImage(deps, sheet));
      context.progress(sheets.length / count);
    },
  });
  const { intervalMs, thumbnails } = plan;
  const content: ImagesContent = {
    ...{ kind: "images", poster, sheets, columns, rows, width: size.width, height: size.height },
    ...{ intervalMs, thumbnails },
  };
  const piece: Piece = {
    id: imagesPieceIdIn(work.edition),
    content,
    toolchain: plainToolchain(tools.toolchain),
    madeBy: nodeId,
  };
  await context.keep(piece);
  return { ...nothingMade, pieces: [piece] };
}

async function keepImage({ store }: Pick<WorkDeps, "store">, image: ImageBytes): Promise<Image> {
  return { object: await store.putBytes(image.bytes), width: image.width, height: image.height };
}
