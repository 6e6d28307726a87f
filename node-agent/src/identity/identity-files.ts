// The folder that the identity is kept in: the key, and what the cluster has given for it. Readable by the agent alone.
import { createPrivateKey } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { VsError } from "@vstream/core/errors.ts";
import { isId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { diskFailure } from "../store/disk-failure.ts";
import { readIfThere, writeDurably } from "../store/durable-file.ts";
import { FolderSync } from "../store/folder-sync.ts";

/** What the cluster has given to this node. */
export interface Membership {
  readonly nodeId: NodeId;
  readonly certificatePem: string;
  readonly authorityPem: string;
}

const membershipShape = z.object({
  nodeId: z.custom<NodeId>((value) => typeof value === "string" && isId("node", value)),
  certificatePem: z.string(),
  authorityPem: z.string(),
});

export class IdentityFiles {
  readonly #folder: string;
  readonly #folders = new FolderSync();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async makeFolder(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await chmod(this.#folder, 0o700);
    } catch (cause) {
      throw new VsError("data_folder_unusable", `cannot use the folder ${this.#folder}: ${String(cause)}`, {
        hint: "Make the data folder writable for the agent, or set dataDir to another one",
        cause,
      });
    }
  }

  async readKey(): Promise<string | null> {
    const keyPem = await readIfThere(join(this.#folder, "key.pem"));
    if (keyPem === null) return null;
    try {
      createPrivateKey(keyPem);
      return keyPem;
    } catch {
      throw damaged("the node's key cannot be read");
    }
  }

  async readMembership(): Promise<Membership | null> {
    const text = await readIfThere(join(this.#folder, "membership.json"));
    if (text === null) return null;
    try {
      return membershipShape.parse(JSON.parse(text));
    } catch {
      throw damaged("the node's certificate cannot be read");
    }
  }

  async writeKey(keyPem: string): Promise<void> {
    await this.#write("key.pem", keyPem);
    // The folder's own name must be as durable as what is in it.
    await this.#folders.sync(join(this.#folder, "..")).catch((thrown: unknown) => {
      throw diskFailure(thrown, "keep the node's key");
    });
  }

  async writeMembership(membership: Membership): Promise<void> {
    await this.#write("membership.json", JSON.stringify(membership));
  }

  async #write(name: string, bytes: string): Promise<void> {
    await writeDurably({ path: join(this.#folder, name), bytes, staging: this.#folder, mode: 0o600 }, this.#folders);
  }
}

export function damaged(what: string): VsError {
  return new VsError("data_folder_unusable", `the node's identity is damaged: ${what}`, {
    hint: "Put the folder identity/ back from a backup, or remove it and join again with a new token",
  });
}
