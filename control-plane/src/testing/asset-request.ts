// An announcement of an asset with plain values, for tests that are about one of them.
import type { CreateAssetRequest } from "@vstream/proto/admin.ts";
import { objectNamed } from "./made-up-media.ts";

/** The bytes that are announced unless the change says others. */
export const announcedSource = objectNamed("a source");

export function assetRequest(change: Partial<CreateAssetRequest> = {}): CreateAssetRequest {
  return {
    title: "A clip",
    sourceName: "clip.mp4",
    sourceBytes: announcedSource.bytes,
    sourceSha256: announcedSource.sha256,
    ladder: "",
    replicas: 0,
    regions: [],
    labels: {},
    externalId: "",
    priority: 0,
    pinnedNodes: [],
    sourceUrl: "",
    allowDamaged: false,
    keepSource: "",
    force: false,
    subtitles: [],
    ...change,
  };
}
