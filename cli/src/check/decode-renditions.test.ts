import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseMedia } from "@vstream/authoring/parse-media.ts";
import { parseMultivariant } from "@vstream/authoring/parse-multivariant.ts";
import type { StreamView } from "@vstream/authoring/views.ts";
import { decodeRenditions } from "./decode-renditions.ts";

const url = "http://node.example/v/as/index.m3u8";
const mediaUrl = "http://node.example/v/as/audio/0.m3u8";

function oneSegment(): StreamView {
  const text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n../long.m4s\n#EXT-X-ENDLIST\n";
  const playlist = parseMedia(text, mediaUrl);
  const view = { kind: "audio", playlist, inits: [], segments: [null], texts: [] } as const;
  return { multivariant: parseMultivariant("#EXTM3U\n", url), media: new Map([[mediaUrl, view]]) };
}

describe("decoding a rendition", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "decode-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const decodeBy = async (script: string, read: Parameters<typeof decodeRenditions>[1]["read"]) => {
    const ffmpeg = join(folder, "ffmpeg");
    await writeFile(ffmpeg, `#!/bin/sh\n${script}\n`);
    await chmod(ffmpeg, 0o755);
    const signal = AbortSignal.timeout(10_000);
    return await decodeRenditions(oneSegment(), { read, signal, ffmpeg, onDecoded: () => undefined });
  };

  it("waits with what ffmpeg has no room for yet", async () => {
    let given = 0;
    let early = 0;
    const findings = await decodeBy("sleep 1; cat > /dev/null", async (_, take) => {
      void pause(500).then(() => (early = given));
      for (; given < 200; given += 1) await take(Buffer.alloc(64 * 1024));
    });
    assert.deepEqual(findings, []);
    assert.equal(given, 200);
    assert.ok(early < 20, `${early} of 200 chunks were given to an ffmpeg that took none`);
  });

  it("does not wait for an ffmpeg that has given up", async () => {
    const findings = await decodeBy("echo broken >&2; exit 1", async (_, take) => {
      for (let given = 0; given < 200; given += 1) await take(Buffer.alloc(64 * 1024));
    });
    assert.deepEqual(
      findings.map(({ rule, message }) => `${rule}: ${message}`),
      ["Decodable: ffmpeg says: broken"],
    );
  });
});
