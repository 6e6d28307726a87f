// A message that is told to every agent is translated once and put into bytes once: the list of five hundred nodes,
// sent to each of them, would else keep the processor busy for seconds.
import type { SessionResponse } from "@vstream/proto/agent.ts";
import { AgentServiceService } from "@vstream/proto/agent.ts";
import type { ControlMessage } from "../control-loop/session.ts";
import { controlMessageToWire } from "./wire/session.ts";

// By identity: the control loop sends the same object to all, and changes none.
const words = new WeakMap<ControlMessage, SessionResponse>();
const bytes = new WeakMap<SessionResponse, Buffer>();

export function sharedWords(message: ControlMessage): SessionResponse {
  if (message.kind !== "directory") return controlMessageToWire(message);
  const known = words.get(message);
  if (known !== undefined) return known;
  const made = controlMessageToWire(message);
  words.set(message, made);
  return made;
}

/** The definition of a session whose shared messages are serialized once. grpc-js copies what it is given. */
export const sessionDefinition = {
  ...AgentServiceService.session,
  responseSerialize(response: SessionResponse): Buffer {
    const known = bytes.get(response);
    if (known !== undefined) return known;
    const made = AgentServiceService.session.responseSerialize(response);
    if (response.message?.$case === "directory") bytes.set(response, made);
    return made;
  },
};
