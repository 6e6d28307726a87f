// Standard input, kept for as long as it is sent.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { spoolInput } from "./spool-input.ts";
import type { Input, SpoolOptions } from "./spool-input.ts";

describe("standard input", () => {
  const folder = mkdtempSync(join(tmpdir(), "vsctl-spool-"));
  const options: SpoolOptions = { folder, signal: new AbortController().signal, onBytes: () => undefined };
  const clip = randomBytes(3 * 1024 * 1024);

  afterEach(() => {
    assert.deepEqual(readdirSync(folder), [], "a file is left");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is hashed while it comes, can be read from anywhere, and has no name on the disk", async () => {
    const parts = [clip.subarray(0, 1_000_001), clip.subarray(1_000_001)];
    let told = 0;
    const onBytes = (bytes: number): void => {
      told = bytes;
    };
    await using source = await spoolInput(Readable.from(parts), { ...options, onBytes });
    assert.deepEqual([source.bytes, told], [clip.length, clip.length]);
    const hashed = await source.hash({ signal: options.signal, onProgress: () => undefined });
    assert.equal(hashed, createHash("sha256").update(clip).digest("hex"));
    assert.ok((await source.read(999_999, 1_000_003)).equals(clip.subarray(999_999, 1_000_003)));
    assert.ok((await source.read(clip.length - 5, clip.length + 5)).equals(clip.subarray(-5)));
    assert.deepEqual(readdirSync(folder), []);
  });

  it("is refused when it is a terminal, is empty, or is too much", async () => {
    const terminal: Input = Object.assign(new PassThrough(), { isTTY: true });
    await assert.rejects(spoolInput(terminal, options), { code: "usage" });
    await assert.rejects(spoolInput(Readable.from([]), options), { code: "source_empty" });
    const most = { ...options, mostBytes: clip.length - 1 };
    await assert.rejects(spoolInput(Readable.from([clip]), most), { code: "source_too_large" });
  });

  it("is let go when it is not wanted any more, though nothing comes from it", async () => {
    const controller = new AbortController();
    const spooling = spoolInput(new PassThrough(), { ...options, signal: controller.signal });
    controller.abort(new Error("not wanted"));
    await assert.rejects(spooling, /not wanted/);
  });

  it("says what to do when there is no folder for it, or no room in it", async function () {
    const away = { ...options, folder: join(folder, "none") };
    await assert.rejects(spoolInput(Readable.from([clip]), away), { code: "source_unreadable", hint: /TMPDIR/ });
    const small = mkdtempSync(join(tmpdir(), "vsctl-small-"));
    try {
      mkdirSync(join(small, "disk"));
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", join(small, "disk")], { stdio: "ignore" });
      } catch {
        // Only the superuser can make a small disk.
        this.skip();
      }
      const full = { ...options, folder: join(small, "disk") };
      await assert.rejects(spoolInput(Readable.from([clip]), full), { code: "storage_full" });
      execFileSync("umount", [join(small, "disk")]);
    } finally {
      rmSync(small, { recursive: true });
    }
  });
});
