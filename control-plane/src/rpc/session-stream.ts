// One agent's long stream, fitted to the control loop's session: words are checked and translated, what is sent waits
// within a bound, and a reader that does not read is cut.
import type { ServerDuplexStream, handleBidiStreamingCall } from "@grpc/grpc-js";
import type { SessionRequest, SessionResponse } from "@vstream/proto/agent.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { ControlLoop } from "../control-loop/control-loop.ts";
import type { AgentSession, ControlMessage } from "../control-loop/session.ts";
import { after } from "./after.ts";
import { statusError, trackCall } from "./answered-call.ts";
import type { CallDeps, Surface, TrackedCall } from "./answered-call.ts";
import { resetCall } from "./reset-call.ts";
import { sharedWords } from "./shared-encoding.ts";
import { agentMessageFromWire } from "./wire/session.ts";
import type { AgentMessage } from "./wire/session.ts";

/** How many messages may wait for an agent to read. At two heartbeats and a renewal every four seconds: minutes. */
export const unreadLimit = 256;
const helloLimitMs = 10_000;

export interface AgentStreamDeps {
  readonly loop: Pick<ControlLoop, "openSession">;
  readonly calls: CallDeps;
  identify(surface: Surface): Promise<NodeRecord>;
}

type Call = ServerDuplexStream<SessionRequest, SessionResponse>;

export function openAgentStream(deps: AgentStreamDeps): handleBidiStreamingCall<SessionRequest, SessionResponse> {
  return (call) => {
    const stream = new AgentStream(call, deps);
    stream.start();
  };
}

class AgentStream {
  readonly #call: Call;
  readonly #deps: AgentStreamDeps;
  readonly #tracked: TrackedCall;
  readonly #stopWaiting: () => void;
  #session: AgentSession | null = null;
  #ended = false;
  readonly #stop = (): void => {
    this.#end(this.#deps.calls.stopping.reason);
  };

  constructor(call: Call, deps: AgentStreamDeps) {
    this.#call = call;
    this.#deps = deps;
    this.#tracked = trackCall(deps.calls, "session");
    this.#stopWaiting = after(deps.calls.clock, helloLimitMs, () => {
      this.#end(new VsError("timed_out", "the session did not begin with a hello in time"));
    });
  }

  start(): void {
    this.#call.on("data", (wire: SessionRequest) => {
      this.#receive(wire);
    });
    this.#call.once("end", () => {
      this.#end(null);
    });
    this.#call.once("cancelled", () => {
      this.#close(null);
    });
    this.#deps.calls.stopping.addEventListener("abort", this.#stop, { once: true });
  }

  #receive(wire: SessionRequest): void {
    if (this.#ended) return;
    try {
      const message = agentMessageFromWire(wire);
      if (this.#session !== null) this.#pass(this.#session, message);
      else if (message.kind === "hello") void this.#open(message);
      else throw new VsError("invalid_argument", "a session begins with a hello");
    } catch (thrown) {
      this.#end(thrown);
    }
  }

  #pass(session: AgentSession, message: AgentMessage): void {
    switch (message.kind) {
      case "hello":
        throw new VsError("invalid_argument", "a session has one hello");
      case "heartbeat":
        session.heartbeat(message);
        return;
      case "renew-leases":
        session.renewLeases(message.leases);
        return;
      case "progress":
        session.progress(message);
        return;
      case "reply":
        session.reply(message);
        return;
    }
  }

  async #open(hello: Extract<AgentMessage, { kind: "hello" }>): Promise<void> {
    // What the agent says next is read when there is somebody to hear it.
    this.#call.pause();
    try {
      const node = await this.#deps.identify(this.#call);
      const session = await this.#deps.loop.openSession({
        nodeId: node.id,
        description: hello.description,
        runningLeases: hello.runningLeases,
        send: (message) => {
          this.#send(message);
        },
        end: (reason) => {
          this.#end(reason);
        },
      });
      this.#stopWaiting();
      this.#begin(session);
      this.#tracked.log.info({ node: hello.description.name, nodeId: node.id }, "session opened");
    } catch (thrown) {
      this.#end(thrown);
    }
  }

  #begin(session: AgentSession): void {
    this.#session = session;
    // It may have ended while it was being opened.
    if (this.#ended) session.close();
    else this.#call.resume();
  }

  #send(message: ControlMessage): void {
    if (this.#ended) return;
    if (this.#call.writableLength >= unreadLimit) this.#cut();
    else this.#call.write(sharedWords(message));
  }

  // An ordinary end: what waits is still sent, then the status.
  #end(thrown: unknown): void {
    if (this.#ended) return;
    const told = this.#close(thrown);
    if (thrown === null) this.#call.end();
    else this.#call.emit("error", statusError(told));
  }

  #cut(): void {
    this.#close(new VsError("timed_out", "the agent does not read what it is sent"));
    resetCall(this.#call);
  }

  #close(thrown: unknown): ReturnType<TrackedCall["end"]> {
    if (this.#ended) return {};
    this.#ended = true;
    this.#stopWaiting();
    this.#deps.calls.stopping.removeEventListener("abort", this.#stop);
    this.#session?.close();
    return this.#tracked.end(thrown);
  }
}
