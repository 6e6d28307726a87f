// One connection to a control plane, with the token on every call, a deadline on each, and errors that say what to do.
import { Client, Metadata, credentials } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/grpc-js";
import { VsError } from "@vstream/core/errors.ts";
import { callDeadlineMs, channelOptionsFor, fromServiceError } from "@vstream/core/grpc.ts";
import type { Cluster } from "./cluster-address.ts";

export class AdminChannel {
  readonly #address: string;
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #signal: AbortSignal;

  /** @param signal ends every call with its reason */
  constructor(cluster: Cluster & { readonly authorityPem: string }, signal: AbortSignal) {
    this.#address = `${cluster.host.includes(":") ? `[${cluster.host}]` : cluster.host}:${cluster.port}`;
    this.#client = new Client(
      this.#address,
      credentials.createSsl(Buffer.from(cluster.authorityPem)),
      channelOptionsFor(cluster.host),
    );
    this.#metadata.set("authorization", `Bearer ${cluster.token}`);
    this.#signal = signal;
  }

  close(): void {
    this.#client.close();
  }

  async call<Request, Response>(method: MethodDefinition<Request, Response>, request: Request): Promise<Response> {
    this.#signal.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        this.#metadata,
        { deadline: Date.now() + callDeadlineMs },
        (error, response) => {
          this.#signal.removeEventListener("abort", cancel);
          if (error === null && response !== undefined) resolve(response);
          else reject(this.#explained(error));
        },
      );
      const cancel = (): void => {
        call.cancel();
      };
      this.#signal.addEventListener("abort", cancel);
    });
  }

  async *stream<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
  ): AsyncGenerator<Response> {
    this.#signal.throwIfAborted();
    const stream = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.#metadata,
      {},
    );
    const cancel = (): void => {
      stream.cancel();
    };
    this.#signal.addEventListener("abort", cancel);
    try {
      for await (const response of stream) yield response as Response;
    } catch (thrown) {
      throw this.#explained(thrown);
    } finally {
      this.#signal.removeEventListener("abort", cancel);
      stream.cancel();
    }
  }

  #explained(thrown: unknown): VsError {
    if (this.#signal.aborted && this.#signal.reason instanceof VsError) return this.#signal.reason;
    const error = fromServiceError(thrown);
    if (saidByServer(thrown) || !connectionFaults.includes(error.code)) return error;
    if (/certificate|altname|hostname|self-signed/i.test(error.message)) {
      return new VsError(
        "wrong_cluster",
        `the control plane at ${this.#address} shows a certificate of another cluster`,
        {
          hint: "Check the address, or copy that cluster's vsctl.json from its control plane's data folder",
          cause: thrown,
        },
      );
    }
    return new VsError("unavailable", `the control plane at ${this.#address} does not answer`, {
      hint: "Check that vstream-control is running there; for a local cluster: vsctl dev status",
      cause: thrown,
    });
  }
}

// How gRPC tells of a connection that is refused, silent, or cut in the middle of a call.
const connectionFaults: readonly string[] = ["unavailable", "timed_out", "cancelled", "internal"];

// Else gRPC itself says it, in words about sockets and name resolution.
function saidByServer(thrown: unknown): boolean {
  const metadata = thrown instanceof Error && "metadata" in thrown ? thrown.metadata : undefined;
  return metadata instanceof Metadata && metadata.get("vstream-code").length > 0;
}
