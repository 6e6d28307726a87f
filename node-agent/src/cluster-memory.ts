// What the control plane has told this node and it needs while the control plane is away: who the other nodes are, and
// whose upload tickets count. Kept on disk, so that a restart in such a time changes nothing.
import { isId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { z } from "zod";
import type { Store } from "./store/store.ts";

const directoryDocument = z.array(
  z.object({
    nodeId: z.custom<NodeId>((value) => typeof value === "string" && isId("node", value)),
    name: z.string(),
    region: z.string(),
    playbackUrl: z.string(),
    peerUrl: z.string(),
    serving: z.boolean(),
  }),
);
const ticketKeyDocument = z.string().min(1);

type Documents = Pick<Store, "readDocument" | "writeDocument">;

export class ClusterMemory {
  readonly #documents: Documents;
  readonly #log: Logger;
  #directory: readonly NodeAddress[] = [];
  #ticketKeyPem: string | null = null;

  private constructor(documents: Documents, log: Logger) {
    this.#documents = documents;
    this.#log = log;
  }

  static async open(documents: Documents, log: Logger): Promise<ClusterMemory> {
    const memory = new ClusterMemory(documents, log);
    memory.#directory = directoryDocument.safeParse(await documents.readDocument("directory")).data ?? [];
    memory.#ticketKeyPem = ticketKeyDocument.safeParse(await documents.readDocument("ticket-key")).data ?? null;
    return memory;
  }

  get directory(): readonly NodeAddress[] {
    return this.#directory;
  }

  get ticketKeyPem(): string | null {
    return this.#ticketKeyPem;
  }

  keepDirectory(nodes: readonly NodeAddress[]): void {
    this.#directory = nodes;
    this.#write("directory", nodes);
  }

  keepTicketKey(pem: string): void {
    if (pem === this.#ticketKeyPem || pem === "") return;
    this.#ticketKeyPem = pem;
    this.#write("ticket-key", pem);
  }

  // The store writes one after the other, and is not closed before the last.
  #write(name: string, content: unknown): void {
    this.#documents.writeDocument(name, content).catch((err: unknown) => {
      this.#log.warn({ err, document: name }, "cluster memory not written");
    });
  }
}
