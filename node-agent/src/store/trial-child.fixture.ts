// For tests: a process of its own that has a store open, to be killed, starved or lied to by its disk.
// Says what it has been promised, a line each.
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { asVsError } from "@vstream/core/errors.ts";
import { newAssetId, openTrialStore, pieceOf } from "./trial-store.fixture.ts";

const [dataDir = "", act = ""] = process.argv.slice(2);

try {
  const store = await openTrialStore(dataDir);
  say("open");
  if (act === "hold") await delay(60_000);
  for (let turn = 0; act === "fill"; turn += 1) {
    // The same bytes at each run: 200,000 that a hash begins.
    const objects = await Promise.all([0, 1].map((part) => store.putBytes(bytesOf(turn, part))));
    const assetId = newAssetId();
    await store.recordPiece(assetId, pieceOf(turn, objects));
    say(`recorded ${assetId} ${String(turn)}`);
  }
  for (const name of act === "put" ? ["first", "second"] : []) {
    const outcome = await store.putBytes(bytesOf(0, 0)).then(
      () => "stored",
      (thrown: unknown) => asVsError(thrown).code,
    );
    say(`${name} ${outcome}`);
  }
  await store[Symbol.asyncDispose]();
} catch (thrown) {
  say(`failed ${asVsError(thrown).code}`);
}

function bytesOf(turn: number, part: number): Buffer {
  const seed = createHash("sha512")
    .update(`${String(turn)} ${String(part)}`)
    .digest();
  return Buffer.alloc(200_000, seed);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
