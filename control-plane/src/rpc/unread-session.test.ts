import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { systemClock } from "@vstream/core/clock.ts";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import { newId } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import { AgentServiceService } from "@vstream/proto/agent.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { ControlLoop } from "../control-loop/control-loop.ts";
import { openCertificateAuthority } from "../identity/certificate-authority.ts";
import { openServerCertificate } from "../identity/server-certificate.ts";
import { descriptionOf } from "../testing/scripted-agent.ts";
import { openGrpcListener } from "./grpc-servers.ts";
import { openAgentStream, unreadLimit } from "./session-stream.ts";

const nodeId = newId("node", Date.now());
const message = {
  kind: "lease-cancel",
  lease: { taskId: newId("task", 1), epoch: 1 },
  reason: "x".repeat(8_000),
} as const;

describe("an agent that does not read", () => {
  it("is cut, and no more than the bound is kept for it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vstream-unread-"));
    const clock = systemClock;
    const { promise: closed, resolve: close } = Promise.withResolvers<undefined>();
    let sent = 0;
    // It sends as fast as the program turns, and never stops by itself.
    const openSession: ControlLoop["openSession"] = async ({ send }) => {
      const timer = setInterval(() => {
        for (let count = 0; count < 50; count += 1) send(message);
        sent += 50;
      }, 1);
      const session = { heartbeat: noop, renewLeases: noop, progress: noop, reply: noop };
      return await Promise.resolve({
        ...session,
        close() {
          clearInterval(timer);
          close(undefined);
        },
      });
    };
    const { log } = openLog({ program: "test", level: "silent" });
    const calls = { clock, log, stopping: new AbortController().signal, observe: noop };
    const identify = async (): Promise<NodeRecord> => await Promise.resolve({ id: nodeId } as NodeRecord);
    const session = openAgentStream({ loop: { openSession }, identify, calls });
    const authority = await openCertificateAuthority({ folder, clusterName: "test", clock });
    const certificate = await openServerCertificate({ folder, authority, names: [], clock });
    const services = [{ definition: { session: AgentServiceService.session }, implementation: { session } }];
    const address = { host: "127.0.0.1", port: 0 };
    const listener = await openGrpcListener({ clock, address, certificate, mutual: false, services });
    const secure = credentials.createSsl(Buffer.from(authority.certificatePem));
    const client = new Client(`127.0.0.1:${String(listener.port)}`, secure, channelOptionsFor("127.0.0.1"));
    const { path, requestSerialize, responseDeserialize } = AgentServiceService.session;
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const { promise: ended, resolve: end } = Promise.withResolvers<Error>();
    stream.on("error", end);
    stream.write({ message: { $case: "hello", value: { node: descriptionOf("eu-1", "eu"), leases: [] } } });
    await closed;
    assert.ok(sent > unreadLimit);
    stream.resume();
    // The stream was reset: what waited in the control plane was never sent.
    assert.match((await ended).message, /CANCELLED/);
    client.close();
    await listener[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
});

function noop(): void {
  return;
}
