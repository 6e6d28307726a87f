// What one try at an upload makes of each answer that a node can give.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nock from "nock";
import { sendSource } from "./send-source.ts";
import type { Sent } from "./send-source.ts";
import { SourceFile } from "./source-file.ts";

// nock takes hold of the whole process when it is imported; other tests in it speak over real sockets.
nock.restore();

const node = "http://node.example:8080";
const assetId = "as0000000000000000000a";
const path = `/uploads/${assetId}`;
const clip = randomBytes(5000);
const tus = { "tus-resumable": "1.0.0" };

describe("one try at an upload", () => {
  const folder = mkdtempSync(join(tmpdir(), "vsctl-send-"));
  const file = join(folder, "clip.mp4");

  before(() => {
    nock.activate();
  });
  beforeEach(() => {
    writeFileSync(file, clip);
    nock.disableNetConnect();
  });
  afterEach(() => {
    nock.cleanAll();
    nock.enableNetConnect();
  });
  after(() => {
    nock.restore();
    rmSync(folder, { recursive: true });
  });

  const send = async (): Promise<{ sent: Sent; reached: number }> => {
    await using source = await SourceFile.open(file);
    let reached = 0;
    const ticket = { url: `${node}/uploads`, token: "ticket", expiresAt: 0, nodeId: "no1" };
    const sent = await sendSource(source, {
      ...{ assetId, ticket, signal: new AbortController().signal },
      onProgress: (bytes) => {
        reached = bytes;
      },
    });
    return { sent, reached };
  };

  it("sends only what the node lacks, with the ticket", async () => {
    const has = 1200;
    let body = Buffer.alloc(0);
    nock(node, { reqheaders: { authorization: "Bearer ticket" } })
      .head(path)
      .reply(200, "", { ...tus, "upload-offset": String(has), "upload-length": String(clip.length) })
      .patch(path, (hex: string) => {
        body = Buffer.from(hex, "hex");
        return true;
      })
      .matchHeader("upload-offset", String(has))
      .reply(204, "", { ...tus, "upload-offset": String(clip.length) });
    const { sent, reached } = await send();
    assert.deepEqual(sent, { kind: "sent" });
    assert.equal(reached, clip.length);
    assert.deepEqual(body, clip.subarray(has));
    assert.ok(nock.isDone());
  });

  const storageFull = { error: { code: "storage_full", message: "node eu-1 is full", hint: "add a node" } };
  const answers: readonly { status: number; body: nock.Body; expected: (sent: Sent) => boolean; title: string }[] = [
    {
      title: "a refused ticket as one to renew",
      status: 403,
      body: "",
      expected: ({ kind }) => kind === "ticket-refused",
    },
    { title: "a locked upload as busy", status: 423, body: "", expected: ({ kind }) => kind === "busy" },
    { title: "a passing fault as busy", status: 503, body: "", expected: ({ kind }) => kind === "busy" },
    {
      title: "a full disk as the node puts it",
      status: 507,
      body: storageFull,
      expected: (sent) =>
        sent.kind === "refused" && sent.error.code === "storage_full" && sent.error.hint === "add a node",
    },
    {
      title: "a full disk without words with words of its own",
      status: 507,
      body: "",
      expected: (sent) => sent.kind === "refused" && sent.error.code === "storage_full" && sent.error.hint !== "",
    },
  ];
  for (const { title, status, body, expected } of answers) {
    it(`takes ${title}`, async () => {
      nock(node)
        .head(path)
        .reply(200, "", { ...tus, "upload-offset": "0", "upload-length": String(clip.length) })
        .patch(path)
        .reply(status, body, tus);
      const { sent } = await send();
      assert.ok(expected(sent), JSON.stringify(sent));
    });
  }

  it("takes a node that closes the door as one that does not answer", async () => {
    nock(node).head(path).replyWithError("connection refused");
    assert.equal((await send()).sent.kind, "unreachable");
  });
});
