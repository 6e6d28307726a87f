// A control plane for tests: AdminService over real TLS, whose answers a test gives, and which remembers what was
// asked. A call without an answer is UNIMPLEMENTED.
import { createHash, X509Certificate } from "node:crypto";
import { Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import type {
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
  UntypedServiceImplementation,
  sendUnaryData,
} from "@grpc/grpc-js";
import { toStatus } from "@vstream/core/grpc.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { formatToken, mintToken } from "@vstream/core/join-token.ts";
import { AdminServiceService as service } from "@vstream/proto/admin.ts";
import { testCertificatePem, testKeyPem } from "./test-certificate.ts";

type Service = typeof service;
type Method = keyof Service;
type Request<Name extends Method> = ReturnType<Service[Name]["requestDeserialize"]>;
type Response<Name extends Method> = ReturnType<Service[Name]["responseDeserialize"]>;

/** A stream's answer is the list of what it sends before it ends. */
export type Answers = {
  [Name in Method]?: (
    request: Request<Name>,
  ) => Service[Name]["responseStream"] extends true ? readonly Response<Name>[] : Response<Name>;
};

export interface Asked {
  readonly method: string;
  readonly request: unknown;
}

export class FakeControlPlane implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Streams stay open after what they send. */
  holdStreams = false;
  readonly token: string;
  readonly url: string;
  readonly answers: Answers;
  readonly #server: Server;

  private constructor(server: Server, { port, answers }: { port: number; answers: Answers }) {
    this.#server = server;
    this.url = `https://127.0.0.1:${port}`;
    this.answers = answers;
    this.token = formatToken(mintToken(authoritySha256(), Date.now()));
  }

  static async start(answers: Answers): Promise<FakeControlPlane> {
    const server = new Server();
    const holder: { fake?: FakeControlPlane } = {};
    const names = Object.keys(service) as Method[];
    const implementation: UntypedServiceImplementation = {};
    for (const name of names) implementation[name] = answering(name, () => holder.fake) as UntypedHandleCall;
    server.addService(service, implementation);
    const pair = { private_key: Buffer.from(testKeyPem), cert_chain: Buffer.from(testCertificatePem) };
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createSsl(null, [pair]), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    holder.fake = new FakeControlPlane(server, { port, answers });
    return holder.fake;
  }

  /** What vsctl's configuration file contains. */
  get config(): { server: string; token: string; authorityPem: string } {
    return { server: this.url, token: this.token, authorityPem: testCertificatePem };
  }

  requests(method: Method): unknown[] {
    return this.asked.filter((asked) => asked.method === method).map(({ request }) => request);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    return Promise.resolve();
  }
}

function authoritySha256(): Sha256 {
  const { raw } = new X509Certificate(testCertificatePem);
  return createHash("sha256").update(raw).digest("hex") as Sha256;
}

type Call = ServerUnaryCall<unknown, unknown> & ServerWritableStream<unknown, unknown>;

function answering(name: Method, fake: () => FakeControlPlane | undefined) {
  return (call: Call, callback: sendUnaryData<unknown> | undefined): void => {
    const plane = fake();
    const answer = plane?.answers[name] as ((request: unknown) => unknown) | undefined;
    plane?.asked.push({ method: name, request: call.request });
    try {
      if (call.metadata.get("authorization")[0] !== `Bearer ${plane?.token ?? ""}`) throw new Error("no token");
      if (answer === undefined) throw new Error(`the test has no answer for ${name}`);
      const answered = answer(call.request);
      if (callback !== undefined) {
        callback(null, answered);
        return;
      }
      for (const response of answered as readonly unknown[]) call.write(response);
      if (plane?.holdStreams !== true) call.end();
    } catch (thrown) {
      const status = { metadata: new Metadata(), ...toStatus(thrown) };
      if (callback === undefined) call.emit("error", status);
      else callback(status);
    }
  };
}
