// An agent without a store or ffmpeg: joins, holds a session, and reports made-up pieces for every lease that it is
// given. It proves the control plane end to end.
import { webcrypto } from "node:crypto";
import { credentials } from "@grpc/grpc-js";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import { AgentServiceClient } from "@vstream/proto/agent.ts";
import type {
  JoinResponse,
  LeaseGrant,
  NodeDescription,
  SessionRequest,
  SessionResponse,
} from "@vstream/proto/agent.ts";
import { makeSigningKey, signatureAlgorithm, x509 } from "../identity/signing.ts";
import { resultOf } from "./made-up-media.ts";
import type { RunningPlane } from "./running-plane.ts";
import { asked } from "./unary.ts";

export interface AgentIdentity extends JoinResponse {
  readonly name: string;
  readonly region: string;
  readonly keyPem: string;
}

export type Said = NonNullable<SessionResponse["message"]>;

export interface ScriptedAgent extends Disposable {
  readonly identity: AgentIdentity;
  readonly client: AgentServiceClient;
  readonly heard: Said[];
  /** Pieces that its disk has spoilt: a verification finds them once, and drops them. */
  readonly spoilt: Set<string>;
  readonly ended: Promise<Error | null>;
  send(message: NonNullable<SessionRequest["message"]>): void;
  /** Resolves with the first word of that kind, heard already or to come. */
  hear<Kind extends Said["$case"]>(kind: Kind): Promise<Extract<Said, { $case: Kind }>["value"]>;
}

export async function certificateRequest(): Promise<{ keyPem: string; der: Buffer }> {
  const { privatePem, publicKey, privateKey } = await makeSigningKey();
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: [{ CN: ["a node"] }], keys: { publicKey, privateKey }, signingAlgorithm: signatureAlgorithm },
    webcrypto,
  );
  return { keyPem: privatePem, der: Buffer.from(request.rawData) };
}

export async function join(
  running: RunningPlane,
  who: { name: string; region?: string; token: string },
): Promise<AgentIdentity> {
  const { name, region = "eu", token } = who;
  const { keyPem, der } = await certificateRequest();
  const address = `127.0.0.1:${String(running.plane.ports.listen)}`;
  const secure = credentials.createSsl(Buffer.from(running.authorityPem));
  const client = new AgentServiceClient(address, secure, channelOptionsFor("127.0.0.1"));
  try {
    const request = { token, certificateRequest: der, node: descriptionOf(name, region) };
    const joined = await asked<JoinResponse>((done) => client.join(request, done));
    return { ...joined, name, region, keyPem };
  } finally {
    client.close();
  }
}

export function dialAgents(running: RunningPlane, identity: AgentIdentity): AgentServiceClient {
  const secure = credentials.createSsl(
    Buffer.from(identity.authorityPem),
    Buffer.from(identity.keyPem),
    Buffer.from(identity.certificatePem),
  );
  const address = `127.0.0.1:${String(running.plane.ports.agentListen)}`;
  return new AgentServiceClient(address, secure, channelOptionsFor("127.0.0.1"));
}

/** @param works whether it does what it is given leases for */
export function openSession(
  running: RunningPlane,
  identity: AgentIdentity,
  works: boolean | ((grant: LeaseGrant) => boolean) = true,
): ScriptedAgent {
  const does = typeof works === "boolean" ? () => works : works;
  const client = dialAgents(running, identity);
  const stream = client.session();
  const heard: Said[] = [];
  const spoilt = new Set<string>();
  const listeners = new Set<() => void>();
  const ended = endOf(stream);
  const send = (message: NonNullable<SessionRequest["message"]>): void => {
    stream.write({ message });
  };
  stream.on("data", ({ message }: SessionResponse) => {
    if (message === undefined) return;
    heard.push(message);
    for (const listener of listeners) listener();
    if (message.$case === "leaseGrant" && does(message.value))
      void work(client, { identity, heard, spoilt, grant: message.value });
  });
  send({ $case: "hello", value: { node: descriptionOf(identity.name, identity.region), leases: [] } });
  const beat = (): void => {
    send({ $case: "heartbeat", value: { sequence: 1, load: { ...idle }, scrub: { ...scrub }, demand: [] } });
  };
  beat();
  const heartbeat = setInterval(beat, 1_000);
  return {
    identity,
    client,
    heard,
    spoilt,
    ended,
    send,
    async hear(kind) {
      for (;;) {
        const found = heard.find((message) => message.$case === kind);
        // The kind says which value it is.
        if (found !== undefined) return found.value as never;
        const { promise, resolve } = Promise.withResolvers<undefined>();
        const listener = (): void => {
          resolve(undefined);
        };
        listeners.add(listener);
        const end = await Promise.race([promise, ended]);
        listeners.delete(listener);
        if (end !== undefined) throw end ?? new Error(`the session ended without a ${kind}`);
      }
    },
    [Symbol.dispose]() {
      clearInterval(heartbeat);
      stream.cancel();
      client.close();
    },
  };
}

const idle = {
  usedBytes: 0,
  capacityBytes: 1_000_000_000,
  tasksRunning: 0,
  viewers: 0,
  egressBps: 0,
  connections: 0,
  processor: 0.25,
  disk: 0,
  egressLimitBps: 0,
  viewersQuietMs: 60_000,
};

const scrub = {
  passStartedAt: 1_000,
  checkedBytes: 10,
  totalBytes: 20,
  lastPassEndedAt: 0,
  damagedFound: 1,
  quarantined: 0,
};

async function work(
  client: AgentServiceClient,
  { identity, heard, spoilt, grant }: Pick<ScriptedAgent, "identity" | "heard" | "spoilt"> & { grant: LeaseGrant },
): Promise<void> {
  const welcome = heard.find((message) => message.$case === "welcome")?.value;
  const fence = { incarnation: welcome?.incarnation ?? "", term: grant.term, epoch: grant.epoch };
  const { taskId } = grant;
  const value = resultOf(grant, identity.nodeId);
  if (grant.work?.$case === "verify") {
    value.damagedPieceIds = grant.work.value.pieceIds.filter((pieceId) => spoilt.delete(pieceId));
  }
  if (grant.work?.$case === "audio") {
    for (const piece of value.pieces) await asked((done) => client.reportPiece({ fence, taskId, piece }, done));
  }
  await asked((done) => client.reportTask({ fence, taskId, outcome: { $case: "succeeded", value }, log: [] }, done));
}

async function endOf(stream: ClientDuplexStream<SessionRequest, SessionResponse>): Promise<Error | null> {
  const { promise, resolve } = Promise.withResolvers<Error | null>();
  stream.once("error", resolve);
  stream.once("end", () => {
    resolve(null);
  });
  return await promise;
}

export function descriptionOf(name: string, region: string): NodeDescription {
  return {
    name,
    region,
    zone: "",
    labels: {},
    playbackUrl: `http://${name}.example.org:8080`,
    peerUrl: `https://${name}.example.org:8081`,
    version: "test",
    ffmpegVersion: "5.1.9",
    toolchain: "made-up",
    encodeSlots: 2,
    capacityBytes: 1_000_000_000,
  };
}
