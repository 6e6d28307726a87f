// From files in a task's scratch folder to objects in the store.
import type { ObjectRef, RenditionSegments, Segment } from "@vstream/core/media.ts";
import type { RenditionFiles, SegmentFile } from "../media/package-groups.ts";
import type { Store } from "../store/store.ts";

/** Moves a rung's files into the store. @throws VsError storage_full, disk_failed */
export async function adoptRendition(
  store: Pick<Store, "adoptFile">,
  files: RenditionFiles,
  signal: AbortSignal,
): Promise<RenditionSegments> {
  signal.throwIfAborted();
  const init = await store.adoptFile(files.initPath);
  return { rung: files.rung, init, codecs: files.codecs, segments: await adoptSegments(store, files.segments, signal) };
}

export async function adoptSegments(
  store: Pick<Store, "adoptFile">,
  files: readonly SegmentFile[],
  signal: AbortSignal,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const { path, durationTicks, startTicks, keyframes = [] } of files) {
    signal.throwIfAborted();
    const object: ObjectRef = await store.adoptFile(path);
    segments.push({ object, durationTicks, startTicks, keyframes });
  }
  return segments;
}
