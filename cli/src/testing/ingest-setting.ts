// A control plane and nodes for tests of `vsctl ingest`: each source is another asset, with a node of its own that takes
// it, and is ready as soon as it is there.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Asset, CreateAssetRequest } from "@vstream/proto/admin.ts";
import { FakeControlPlane } from "./fake-control-plane.ts";
import type { Answers } from "./fake-control-plane.ts";
import { FakeNode } from "./fake-node.ts";
import { runVsctl } from "./run-vsctl.ts";
import type { Ran, RunOptions } from "./run-vsctl.ts";
import { sampleAsset } from "./sample-messages.ts";

export class IngestSetting implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "vsctl-ingest-"));
  readonly plane: FakeControlPlane;
  readonly nodes: readonly FakeNode[];

  private constructor(plane: FakeControlPlane, nodes: readonly FakeNode[]) {
    this.plane = plane;
    this.nodes = nodes;
    writeFileSync(join(this.folder, "vsctl.json"), JSON.stringify(plane.config));
  }

  /** @param sources how many may be taken in */
  static async open(sources: number, answers: Answers = {}): Promise<IngestSetting> {
    const nodes = await Promise.all(Array.from({ length: sources }, (_, index) => FakeNode.start(assetIdOf(index))));
    const sizes = new Map<string, number>();
    const playback = { watch: ["http://n/watch/a"], hls: ["http://n/v/a/index.m3u8"], dash: [] };
    const shown = (id: string): Asset => {
      const whole = nodes.find((_, index) => assetIdOf(index) === id)?.bytes.length === sizes.get(id);
      return sampleAsset({ id, state: whole ? "ready" : "uploading" });
    };
    const createAsset = ({ sourceBytes }: CreateAssetRequest) => {
      const id = assetIdOf(sizes.size);
      const upload = { url: nodes[sizes.size]?.url ?? "", token: "ticket", expiresAt: 0, nodeId: "no1" };
      sizes.set(id, sourceBytes);
      return { asset: shown(id), duplicate: false, upload: sourceBytes === 0 ? undefined : upload };
    };
    const plane = await FakeControlPlane.start({
      createAsset,
      getAsset: ({ id }) => ({ asset: shown(id) }),
      getPlayback: ({ id }) => ({ asset: shown(id), playback }),
      watchAsset: ({ id }) => [{ asset: shown(id), resumeToken: "r" }],
      ...answers,
    });
    return new IngestSetting(plane, nodes);
  }

  /** The path of a new file in the folder. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(join(this.folder, name), content);
    return join(this.folder, name);
  }

  /** `vsctl ingest` with --json, in the folder. */
  async ingest(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const all = ["ingest", ...args, "--json", "--config", join(this.folder, "vsctl.json")];
    return await runVsctl(all, { cwd: this.folder, ...options });
  }

  /** What the control plane was asked to create, in that order. */
  get created(): CreateAssetRequest[] {
    return this.plane.requests("createAsset") as CreateAssetRequest[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [this.plane, ...this.nodes]) await one[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }
}

export function assetIdOf(index: number): string {
  return `as1m823v0pw6kegn5kge${String(index).padStart(2, "0")}`;
}

export function errorOf(ran: Ran): { code: string; message: string; hint: string } {
  return (JSON.parse(ran.stdout) as { error: { code: string; message: string; hint: string } }).error;
}
