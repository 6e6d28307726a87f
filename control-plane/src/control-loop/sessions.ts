// The agents that are connected now, at most one session each, and the words that go out to them.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { ControlMessage, SessionOpening } from "./session.ts";

export type OpenSession = Pick<SessionOpening, "nodeId" | "send" | "end">;

export class Sessions {
  readonly #open = new Map<NodeId, OpenSession>();
  /** The newest opening of each node: of two that overlap, the older must not replace the newer. */
  readonly #opening = new Map<NodeId, OpenSession>();

  /** From now on nothing reaches an older session of the node, and that one is told so. */
  announce(session: OpenSession): void {
    this.#opening.set(session.nodeId, session);
    this.end(session.nodeId, new VsError("conflict", "the node has opened another session"));
  }

  /** @throws VsError conflict when the node has announced yet another one meanwhile */
  admit(session: OpenSession): void {
    if (this.#opening.get(session.nodeId) !== session) {
      throw new VsError("conflict", "the node has opened another session");
    }
    this.#opening.delete(session.nodeId);
    this.#open.set(session.nodeId, session);
  }

  isOpen(session: OpenSession): boolean {
    return this.#open.get(session.nodeId) === session;
  }

  /** The stream is gone. Nothing happens to a newer session of the same node. */
  close(session: OpenSession): boolean {
    return this.isOpen(session) && this.#open.delete(session.nodeId);
  }

  end(nodeId: NodeId, reason: VsError): void {
    const session = this.#open.get(nodeId);
    if (session === undefined) return;
    this.#open.delete(nodeId);
    session.end(reason);
  }

  endAll(reason: VsError): void {
    for (const nodeId of this.nodeIds()) this.end(nodeId, reason);
  }

  has(nodeId: NodeId): boolean {
    return this.#open.has(nodeId);
  }

  nodeIds(): ReadonlySet<NodeId> {
    return new Set(this.#open.keys());
  }

  /** Gives whether there is a session that it went to. */
  send(nodeId: NodeId, message: ControlMessage): boolean {
    const session = this.#open.get(nodeId);
    session?.send(message);
    return session !== undefined;
  }
}
