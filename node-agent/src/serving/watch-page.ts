// The player page: the built template with the asset's title, its files and the homes put in, escaped.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Chapter, Manifest } from "@vstream/core/media.ts";
import { imagesOf } from "../packaging/extras.ts";
import type { Home } from "../steering/places.ts";
import type { Reply } from "./reply.ts";

/** What the page's script reads; player/src/page-config.ts has the same shape. */
interface PageConfig {
  readonly assetId: AssetId;
  readonly title: string;
  readonly servedBy: string;
  readonly homes: readonly Home[];
  /** Of the asset, that is played now. */
  readonly edition: number;
  /** A picture to show before it plays; null while there is none. */
  readonly poster: string | null;
  readonly chapters: readonly Chapter[];
}

// The player fetches from all homes, among them ones that join while it plays, and hls.js makes text tracks out of data:
// URLs; scripts only from here.
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src blob: data: http: https:",
  "connect-src 'self' http: https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function watchPage(template: string, manifest: Manifest, page: { self: Home; homes: readonly Home[] }): Reply {
  const { assetId } = manifest;
  const title = manifest.title === "" ? assetId : manifest.title;
  const config: PageConfig = {
    ...{ assetId, title, servedBy: page.self.nodeId, homes: page.homes, edition: manifest.edition },
    poster: imagesOf(manifest) === null ? null : `/v/${assetId}/poster.jpg`,
    chapters: manifest.probe.chapters,
  };
  const values: Record<string, string> = { title: escapeHtml(title), config: escapeJson(config), asset: assetId };
  // One pass, so that a title which looks like a mark stays text.
  const html = template.replaceAll(/\{\{(title|config|asset)\}\}/g, (_mark, name: string) => values[name] ?? "");
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentPolicy,
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
    },
    body: Buffer.from(html),
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

// Inside a script element only "<" can do harm.
function escapeJson(content: unknown): string {
  return JSON.stringify(content).replaceAll("<", "\\u003c");
}
