// What the control plane has told this node and it needs while the control plane is away: who the other nodes are, what
// this one is wanted for, and whose tickets count. Kept on disk, so that a restart in such a time changes nothing.
import { isId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { NodeAddress, Scheduling } from "@vstream/core/media.ts";
import { z } from "zod";
import { healths, schedulings } from "./rpc/control-messages.ts";
import type { Store } from "./store/store.ts";

const addressDocument = z.object({
  nodeId: z.custom<NodeId>((value) => typeof value === "string" && isId("node", value)),
  name: z.string(),
  region: z.string(),
  playbackUrl: z.string(),
  peerUrl: z.string(),
  serving: z.boolean(),
  // A former release wrote none of these.
  zone: z.string().default(""),
  health: z.enum(healths).optional(),
  scheduling: z.enum(schedulings).default("active"),
});
const directoryDocument = z.array(addressDocument.transform(addressFrom));
const ticketKeyDocument = z.string().min(1);

export interface MemoryDeps {
  readonly documents: Pick<Store, "readDocument" | "writeDocument">;
  readonly nodeId: NodeId;
  readonly log: Logger;
}

export class ClusterMemory {
  readonly #deps: MemoryDeps;
  #directory: readonly NodeAddress[] = [];
  #ticketKeyPem: string | null = null;

  private constructor(deps: MemoryDeps) {
    this.#deps = deps;
  }

  static async open(deps: MemoryDeps): Promise<ClusterMemory> {
    const memory = new ClusterMemory(deps);
    const { documents } = deps;
    memory.#directory = directoryDocument.safeParse(await documents.readDocument("directory")).data ?? [];
    memory.#ticketKeyPem = ticketKeyDocument.safeParse(await documents.readDocument("ticket-key")).data ?? null;
    return memory;
  }

  get directory(): readonly NodeAddress[] {
    return this.#directory;
  }

  /** What this node is wanted for, by the last word on it; active while there was none. */
  get scheduling(): Scheduling {
    return this.#directory.find((node) => node.nodeId === this.#deps.nodeId)?.scheduling ?? "active";
  }

  get ticketKeyPem(): string | null {
    return this.#ticketKeyPem;
  }

  keepDirectory(nodes: readonly NodeAddress[]): void {
    const before = this.scheduling;
    this.#directory = nodes;
    this.#write("directory", nodes);
    if (this.scheduling !== before) this.#deps.log.info({ scheduling: this.scheduling }, "scheduling told");
  }

  /** What a session began with goes into this node's own entry: the directory may be older than that. */
  keepScheduling(scheduling: Scheduling): void {
    if (scheduling === this.scheduling) return;
    const { nodeId } = this.#deps;
    this.keepDirectory(this.#directory.map((node) => (node.nodeId === nodeId ? { ...node, scheduling } : node)));
  }

  keepTicketKey(pem: string): void {
    if (pem === this.#ticketKeyPem || pem === "") return;
    this.#ticketKeyPem = pem;
    this.#write("ticket-key", pem);
  }

  // The store writes one after the other, and is not closed before the last.
  #write(name: string, content: unknown): void {
    const { documents, log } = this.#deps;
    documents.writeDocument(name, content).catch((err: unknown) => {
      log.warn({ err, document: name }, "cluster memory not written");
    });
  }
}

function addressFrom(kept: z.infer<typeof addressDocument>): NodeAddress {
  return { ...kept, health: kept.health ?? (kept.serving ? "up" : "down") };
}
