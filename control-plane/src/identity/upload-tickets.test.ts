import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jwtVerify } from "jose";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { openUploadTickets, ticketMs } from "./upload-tickets.ts";

const right = {
  assetId: newId("asset", Date.now()),
  nodeId: newId("node", Date.now()),
  bytes: 12_345,
  sha256: "ab".repeat(32) as Sha256,
};

describe("upload tickets", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-tickets-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("say which source may go to which node until when, and are checked with the public key alone", async () => {
    const tickets = await openUploadTickets({ folder, clock: systemClock });
    const { token, expiresAt } = await tickets.issue(right);
    const key = createPublicKey(tickets.publicKeyPem);
    const { payload } = await jwtVerify(token, key, { audience: right.nodeId, algorithms: ["ES256"] });
    assert.equal(payload.sub, right.assetId);
    assert.equal(payload["bytes"], right.bytes);
    assert.equal(payload["sha256"], right.sha256);
    assert.equal((payload.exp ?? 0) * 1000, expiresAt);
    assert.ok(Math.abs(expiresAt - Date.now() - ticketMs) < 5_000);
  });

  it("are of no use at another node, nor after their day", async () => {
    const tickets = await openUploadTickets({ folder, clock: systemClock });
    const { token, expiresAt } = await tickets.issue(right);
    const key = createPublicKey(tickets.publicKeyPem);
    await assert.rejects(jwtVerify(token, key, { audience: newId("node", Date.now()) }), /aud/);
    const currentDate = new Date(expiresAt + 1000);
    await assert.rejects(jwtVerify(token, key, { audience: right.nodeId, currentDate }), /exp/);
  });

  it("are signed with the same key after a restart, and with no other when the key is broken", async () => {
    const first = await openUploadTickets({ folder, clock: systemClock });
    const again = await openUploadTickets({ folder, clock: systemClock });
    assert.equal(again.publicKeyPem, first.publicKeyPem);
    await writeFile(join(folder, "ticket-key.pem"), "broken");
    await assert.rejects(
      openUploadTickets({ folder, clock: systemClock }),
      (thrown) => thrown instanceof VsError && thrown.code === "data_folder_unusable",
    );
  });
});
