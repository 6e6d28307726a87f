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
import { openSourceTickets, ticketMs } from "./source-tickets.ts";

const right = {
  assetId: newId("asset", Date.now()),
  nodeId: newId("node", Date.now()),
  bytes: 12_345,
  sha256: "ab".repeat(32) as Sha256,
};

describe("tickets for sources", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-tickets-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("say which source may go to which node until when, and are checked with the public key alone", async () => {
    const tickets = await openSourceTickets({ folder, clock: systemClock });
    const { token, expiresAt } = await tickets.issueUpload(right);
    const key = createPublicKey(tickets.publicKeyPem);
    const { payload } = await jwtVerify(token, key, { audience: right.nodeId, algorithms: ["ES256"] });
    assert.equal(payload.sub, right.assetId);
    assert.equal(payload["bytes"], right.bytes);
    assert.equal(payload["sha256"], right.sha256);
    assert.equal((payload.exp ?? 0) * 1000, expiresAt);
    assert.ok(Math.abs(expiresAt - Date.now() - ticketMs) < 5_000);
  });

  it("to fetch say so, and what the source is called; none of the two kinds is taken for the other", async () => {
    const tickets = await openSourceTickets({ folder, clock: systemClock });
    const key = createPublicKey(tickets.publicKeyPem);
    const { token } = await tickets.issueDownload({ ...right, name: "a clip.mp4" });
    const { payload } = await jwtVerify(token, key, { audience: `download:${right.nodeId}`, algorithms: ["ES256"] });
    const { sub, bytes, sha256, name } = payload;
    assert.deepEqual([sub, bytes, sha256, name], [right.assetId, right.bytes, right.sha256, "a clip.mp4"]);
    await assert.rejects(jwtVerify(token, key, { audience: right.nodeId }), /aud/);
    const upload = await tickets.issueUpload(right);
    await assert.rejects(jwtVerify(upload.token, key, { audience: `download:${right.nodeId}` }), /aud/);
  });

  it("are of no use at another node, nor after their day", async () => {
    const tickets = await openSourceTickets({ folder, clock: systemClock });
    const { token, expiresAt } = await tickets.issueUpload(right);
    const key = createPublicKey(tickets.publicKeyPem);
    await assert.rejects(jwtVerify(token, key, { audience: newId("node", Date.now()) }), /aud/);
    const currentDate = new Date(expiresAt + 1000);
    await assert.rejects(jwtVerify(token, key, { audience: right.nodeId, currentDate }), /exp/);
  });

  it("are signed with the same key after a restart, and with no other when the key is broken", async () => {
    const first = await openSourceTickets({ folder, clock: systemClock });
    const again = await openSourceTickets({ folder, clock: systemClock });
    assert.equal(again.publicKeyPem, first.publicKeyPem);
    await writeFile(join(folder, "ticket-key.pem"), "broken");
    await assert.rejects(
      openSourceTickets({ folder, clock: systemClock }),
      (thrown) => thrown instanceof VsError && thrown.code === "data_folder_unusable",
    );
  });
});
