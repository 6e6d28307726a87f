import assert from "node:assert/strict";
import { join as pathJoin } from "node:path";
import { connect } from "node:tls";
import type { PeerCertificate } from "node:tls";
import { credentials, makeClientConstructor } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { systemClock } from "@vstream/core/clock.ts";
import type { VsError } from "@vstream/core/errors.ts";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { AgentServiceClient } from "@vstream/proto/agent.ts";
import type { RenewCertificateResponse } from "@vstream/proto/agent.ts";
import { openControlPlane } from "./control-plane.ts";
import { openCertificateAuthority } from "./identity/certificate-authority.ts";
import { openServerCertificate } from "./identity/server-certificate.ts";
import { openGrpcListener } from "./rpc/grpc-servers.ts";
import { assetRequest } from "./testing/asset-request.ts";
import { certificateRequest, dialAgents, join, openSession } from "./testing/scripted-agent.ts";
import { bearer, runPlane } from "./testing/running-plane.ts";
import type { RunningPlane } from "./testing/running-plane.ts";
import { objectNamed, sourcePiece } from "./testing/made-up-media.ts";
import { asked, withCode } from "./testing/unary.ts";
import { openLog } from "@vstream/core/log.ts";

const onFatal = (error: VsError): never => {
  throw error;
};
const { log } = openLog({ program: "test", level: "silent" });

async function statusWith(running: RunningPlane, token: string): Promise<unknown> {
  return await asked((done) => running.admin.getStatus({}, bearer(token), done));
}

async function removeNode(running: RunningPlane, node: string): Promise<void> {
  await asked((done) => running.admin.removeNode({ node, force: true }, running.metadata, done));
}

describe("access to the control plane", () => {
  let running: RunningPlane;
  before(async () => {
    running = await runPlane();
  });
  after(async () => {
    await running[Symbol.asyncDispose]();
  });

  describe("of users", () => {
    it("is refused without a token", async () => {
      await assert.rejects(
        asked((done) => running.admin.getStatus({}, done)),
        withCode("unauthenticated"),
      );
    });

    it("is refused with a token of another kind, cluster or time", async () => {
      await assert.rejects(statusWith(running, await running.createToken({})), withCode("token_invalid"));
      await assert.rejects(statusWith(running, "vst.nonsense"), withCode("token_invalid"));
      const token = await running.createToken({ kind: "user", expiresMs: 1 });
      await systemClock.sleep(5);
      await assert.rejects(statusWith(running, token), withCode("token_expired"));
      const foreign = token.replace(/[0-9a-f]{64}$/, "0".repeat(64));
      await assert.rejects(statusWith(running, foreign), withCode("wrong_cluster"));
      const [mark, id, , hash] = token.split(".");
      const guessed = [mark, id, "A".repeat(43), hash].join(".");
      await assert.rejects(statusWith(running, guessed), withCode("token_invalid"));
    });

    it("ends when the token is revoked", async () => {
      const token = await running.createToken({ kind: "user", name: "guest" });
      await statusWith(running, token);
      const [, id = ""] = token.split(".");
      await asked((done) => running.admin.revokeToken({ id }, running.metadata, done));
      await assert.rejects(statusWith(running, token), withCode("token_invalid"));
    });

    it("is named in what they did", async () => {
      const token = await running.createToken({ kind: "user", name: "somebody" });
      const metadata = bearer(token);
      const request = { kind: "node", name: "", region: "", role: "", expiresMs: 0 };
      await asked((done) => running.admin.createToken(request, metadata, done));
      const { items } = await asked<{ items: { actor: string }[] }>((done) =>
        running.admin.listEvents({ options: undefined, since: 0 }, metadata, done),
      );
      assert.ok(items.some((event) => event.actor === "user:somebody"));
    });

    it("knows no roles beyond admin yet", async () => {
      await assert.rejects(running.createToken({ kind: "user", role: "viewer" }), withCode("not_there_yet"));
    });
  });

  describe("of nodes that join", () => {
    it("takes each token once, also when twenty come with it together", async () => {
      const token = await running.createToken({});
      const tries = Array.from(
        { length: 20 },
        async (_, index) => await join(running, { name: `many-${String(index)}`, token }),
      );
      const outcomes = await Promise.allSettled(tries);
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      for (const outcome of outcomes)
        if (outcome.status === "rejected") assert.equal(withCode("token_used")(outcome.reason), true);
    });

    it("takes it for the name and region that it was made for only, and not after its time", async () => {
      const scoped = await running.createToken({ name: "eu-7", region: "eu" });
      await assert.rejects(join(running, { name: "eu-8", token: scoped }), withCode("forbidden"));
      await assert.rejects(join(running, { name: "eu-7", region: "us", token: scoped }), withCode("forbidden"));
      assert.match((await join(running, { name: "eu-7", token: scoped })).nodeId, /^no/);
      const short = await running.createToken({ expiresMs: 1 });
      await systemClock.sleep(5);
      await assert.rejects(join(running, { name: "eu-9", token: short }), withCode("token_expired"));
    });

    it("does not spend a token on a request that is wrong", async () => {
      const token = await running.createToken({});
      await assert.rejects(join(running, { name: "not a name", token }), withCode("invalid_argument"));
      await join(running, { name: "good-name", token });
    });
  });

  describe("of nodes that have joined", () => {
    it("is by certificate alone, and renewed by certificate", async () => {
      const identity = await join(running, { name: "renewing", token: await running.createToken({}) });
      const client = dialAgents(running, identity);
      const { der, keyPem } = await certificateRequest();
      const renewed = await asked<RenewCertificateResponse>((done) =>
        client.renewCertificate({ certificateRequest: der }, done),
      );
      client.close();
      const again = dialAgents(running, { ...identity, ...renewed, keyPem });
      await asked((done) => again.renewCertificate({ certificateRequest: der }, done));
      again.close();
    });

    it("is refused without a certificate, and with one of another cluster", async () => {
      const address = `127.0.0.1:${String(running.plane.ports.agentListen)}`;
      const authority = Buffer.from(running.authorityPem);
      await using other = await runPlane();
      const foreign = await join(other, { name: "foreign", token: await other.createToken({}) });
      const pair = [Buffer.from(foreign.keyPem), Buffer.from(foreign.certificatePem)] as const;
      for (const secure of [credentials.createSsl(authority), credentials.createSsl(authority, ...pair)]) {
        const client = new AgentServiceClient(address, secure, channelOptionsFor("127.0.0.1"));
        await assert.rejects(
          asked((done) => client.getManifest({ assetId: "", haveVersion: 0 }, done)),
          withCode("unavailable"),
        );
        client.close();
      }
    });

    it("ends with the certificate's time", async () => {
      const identity = await join(running, { name: "late", token: await running.createToken({}) });
      const aMonthAgo = { ...systemClock, now: () => Date.now() - 30 * 86_400_000 };
      const folder = pathJoin(running.dataDir, "identity");
      const authority = await openCertificateAuthority({ folder, clusterName: "vstream", clock: aMonthAgo });
      const { der, keyPem } = await certificateRequest();
      const nodeId = identity.nodeId as NodeId;
      const { certificatePem } = await authority.issueNode({ certificateRequest: der, nodeId, days: 14 });
      const client = dialAgents(running, { ...identity, certificatePem, keyPem });
      await assert.rejects(
        asked((done) => client.getManifest({ assetId: "", haveVersion: 0 }, done)),
        withCode("unavailable"),
      );
      client.close();
    });

    it("does not let one node act for another", async () => {
      const one = await join(running, { name: "one", token: await running.createToken({}) });
      const two = await join(running, { name: "two", token: await running.createToken({}) });
      using first = openSession(running, one, false);
      using second = openSession(running, two, false);
      const welcome = await first.hear("welcome");
      await second.hear("welcome");
      const source = objectNamed("whose source");
      const created = await asked<{ asset?: { id: string } | undefined; upload?: { nodeId: string } | undefined }>(
        (done) =>
          running.admin.createAsset(
            assetRequest({ sourceBytes: source.bytes, sourceSha256: source.sha256, replicas: 1 }),
            running.metadata,
            done,
          ),
      );
      const [owner, stranger] = created.upload?.nodeId === one.nodeId ? [first, second] : [second, first];
      const assetId = created.asset?.id ?? "";
      const upload = { assetId, outcome: { $case: "source", value: sourcePiece(source) } } as const;
      const failed = {
        assetId,
        outcome: { $case: "failed", value: { code: "internal", message: "", hint: "", retryable: false } },
      } as const;
      await asked((done) => stranger.client.reportUpload(failed, done));
      assert.deepEqual(await asked((done) => owner.client.reportUpload(upload, done)), { accepted: true });
      const grant = await Promise.race([first.hear("leaseGrant"), second.hear("leaseGrant")]);
      const holder = first.heard.some((message) => message.$case === "leaseGrant") ? first : second;
      const other = holder === first ? second : first;
      const fence = { incarnation: welcome.incarnation, term: grant.term, epoch: grant.epoch };
      const report = { fence, taskId: grant.taskId, outcome: failed.outcome, log: [] };
      assert.deepEqual(await asked((done) => other.client.reportTask(report, done)), { accepted: false });
      assert.deepEqual(await asked((done) => holder.client.reportTask(report, done)), { accepted: true });
    });

    it("ends for a removed node at once, open session and calls", async () => {
      const identity = await join(running, { name: "leaving", token: await running.createToken({}) });
      using agent = openSession(running, identity);
      await agent.hear("welcome");
      await removeNode(running, "leaving");
      assert.match(String(await agent.ended), /removed/);
      await assert.rejects(
        asked((done) => agent.client.getManifest({ assetId: "", haveVersion: 0 }, done)),
        withCode("unauthenticated"),
      );
    });

    it("is through the listener that a service belongs to", async () => {
      const identity = await join(running, { name: "lost", token: await running.createToken({}) });
      const client = dialAgents(running, identity);
      const { der } = await certificateRequest();
      const request = { token: "", certificateRequest: der, node: undefined };
      await assert.rejects(
        asked((done) => client.join(request, done)),
        withCode("not_there_yet"),
      );
      client.close();
      const address = `127.0.0.1:${String(running.plane.ports.listen)}`;
      const secure = credentials.createSsl(Buffer.from(running.authorityPem));
      const stranger = new AgentServiceClient(address, secure, channelOptionsFor("127.0.0.1"));
      await assert.rejects(
        asked((done) => stranger.renewCertificate({ certificateRequest: der }, done)),
        withCode("not_there_yet"),
      );
      stranger.close();
    });
  });

  it("is checked for health on both listeners", async () => {
    const identity = await join(running, { name: "healthy", token: await running.createToken({}) });
    const Health = makeClientConstructor(healthService, "Health");
    const authority = Buffer.from(running.authorityPem);
    const pair = [Buffer.from(identity.keyPem), Buffer.from(identity.certificatePem)] as const;
    const { listen, agentListen } = running.plane.ports;
    for (const [port, secure] of [
      [listen, credentials.createSsl(authority)],
      [agentListen, credentials.createSsl(authority, ...pair)],
    ] as const) {
      const client = new Health(`127.0.0.1:${String(port)}`, secure, channelOptionsFor("127.0.0.1"));
      const answer = await asked<{ status: string }>((done) => client["check"]?.({ service: "" }, done));
      assert.equal(answer.status, "SERVING");
      const service = "vstream.v1.AgentService";
      const other = await asked<{ status: string }>((done) => client["check"]?.({ service }, done));
      assert.equal(other.status, "SERVING");
      await assert.rejects(
        asked((done) => client["check"]?.({ service: "nothing" }, done)),
        withCode("not_found"),
      );
      client.close();
    }
  });

  it("is refused to a second control plane on the same folder, and on the same port", async () => {
    const { config } = running;
    const deps = { log, clock: systemClock, version: "test", onFatal };
    await assert.rejects(openControlPlane(config, deps), withCode("catalog_locked"));
    const taken = { host: "127.0.0.1", port: running.plane.ports.listen };
    await assert.rejects(runPlane({ listen: `127.0.0.1:${String(taken.port)}` }), withCode("port_taken"));
    const http = `127.0.0.1:${String(running.plane.ports.httpListen)}`;
    await assert.rejects(runPlane({ httpListen: http }), withCode("port_taken"));
  });

  it("tells an address that tries many wrong tokens nothing more, and lets in who has a right one", async () => {
    await using other = await runPlane();
    const wrong = await running.createToken({ kind: "user" });
    const codes: string[] = [];
    for (let count = 0; count < 22; count += 1) {
      await asked((done) => other.admin.getStatus({}, bearer(wrong), done)).catch((thrown: unknown) => {
        codes.push((thrown as VsError).code);
      });
    }
    assert.deepEqual([codes[0], codes.at(-1)], ["wrong_cluster", "unavailable"]);
    await asked((done) => other.admin.getStatus({}, other.metadata, done));
  });
});

describe("a listener's certificate", () => {
  it("is exchanged without closing it", async () => {
    await using running = await runPlane();
    let offsetMs = -61 * 86_400_000;
    const clock = { ...systemClock, now: () => Date.now() + offsetMs };
    const folder = `${running.dataDir}/other`;
    const authority = await openCertificateAuthority({ folder, clusterName: "test", clock });
    const certificate = await openServerCertificate({ folder, authority, names: [], clock });
    const address = { host: "127.0.0.1", port: 0 };
    await using listener = await openGrpcListener({ clock, address, certificate, mutual: false, services: [] });
    const before = await shownAt(listener.port, authority.certificatePem);
    offsetMs = 0;
    await certificate.renewWhenDue();
    const after = await shownAt(listener.port, authority.certificatePem);
    assert.notEqual(after.serialNumber, before.serialNumber);
  });
});

async function shownAt(port: number, ca: string): Promise<PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerCertificate>();
  const socket = connect({ host: "127.0.0.1", port, ca, servername: "localhost", ALPNProtocols: ["h2"] }, () => {
    resolve(socket.getPeerCertificate());
    socket.destroy();
  });
  socket.once("error", reject);
  return await promise;
}
