// The player page: the built template with the asset's title and the homes put in, escaped.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import type { Home } from "../steering/places.ts";
import type { Reply } from "./reply.ts";

/** What the page's script reads; player/src/page-config.ts has the same shape. */
interface PageConfig {
  readonly assetId: AssetId;
  readonly title: string;
  readonly servedBy: string;
  readonly homes: readonly Home[];
}

// The player fetches from all homes, among them ones that join while it plays; scripts only from here.
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src blob: http: https:",
  "connect-src 'self' http: https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function watchPage(template: string, manifest: Manifest, page: { self: Home; homes: readonly Home[] }): Reply {
  const title = manifest.title === "" ? manifest.assetId : manifest.title;
  const config: PageConfig = { assetId: manifest.assetId, title, servedBy: page.self.nodeId, homes: page.homes };
  const values: Record<string, string> = { title: escapeHtml(title), config: escapeJson(config) };
  // One pass, so that a title which looks like a mark stays text.
  const html = template.replaceAll(/\{\{(title|config)\}\}/g, (_mark, name: string) => values[name] ?? "");
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
