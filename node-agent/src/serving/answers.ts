// What answers each route of the playback listener, out of the parts that serving.ts built.
import type { Registry } from "prom-client";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Peers } from "../replicate/peers.ts";
import { homesOf } from "./homes.ts";
import type { Home } from "./homes.ts";
import type { LoadMeter } from "./load-meter.ts";
import type { Manifests } from "./manifests.ts";
import { PlayerFolder } from "./player-files.ts";
import { immutable, jsonReply, textReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Answer, Answers, Call } from "./routes.ts";
import type { AssetFiles } from "./serve-asset.ts";
import { watchPage } from "./watch-page.ts";

export interface AnswersDeps {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly region: string;
  readonly peers: Pick<Peers, "directory">;
  readonly readiness: () => { readonly ready: boolean; readonly reason: string };
  readonly registry: Registry;
  readonly playerFolder: string;
}

export interface AnswersParts {
  readonly manifests: Manifests;
  readonly meter: LoadMeter;
  readonly files: AssetFiles;
  readonly uploads: Answer;
}

export function answersOf(deps: AnswersDeps, { manifests, meter, files, uploads }: AnswersParts): Answers {
  const player = new PlayerFolder(deps.playerFolder);
  const watched = (call: Call, assetId: AssetId): void => {
    meter.sawViewer(call.request.socket.remoteAddress ?? "", assetId);
  };
  const homesFor = async (call: Call, assetId: AssetId): Promise<{ self: Home; homes: Home[] }> => {
    const self = { nodeId: deps.nodeId, name: deps.name, region: deps.region, url: ownUrl(deps, call) };
    return { self, homes: homesOf(await manifests.getManifest(assetId), self, deps.peers.directory) };
  };
  return {
    index: (call, assetId) => files.index(call.request, assetId),
    video: (call, assetId) => {
      watched(call, assetId);
      return files.video(call.request, assetId, call.parts["rung"] ?? "");
    },
    audio: (call, assetId) => files.audio(call.request, assetId, Number(call.parts["track"])),
    object: (call, assetId) => {
      watched(call, assetId);
      const { hash = "", extension = "" } = call.parts;
      return files.object(call.request, assetId, { hash, extension });
    },
    homes: async (call, assetId) => {
      const { self, homes } = await homesFor(call, assetId);
      return jsonReply(200, { assetId, servedBy: self.nodeId, homes });
    },
    watch: async (call, assetId) => {
      const { page } = await player.read();
      return watchPage(page, await manifests.getManifest(assetId), await homesFor(call, assetId));
    },
    player: async (call) => await playerFile(player, call),
    uploads,
    healthz: () => jsonReply(200, { status: "ok" }),
    readyz: () => {
      const { ready, reason } = deps.readiness();
      return jsonReply(ready ? 200 : 503, { ready, reason });
    },
    metrics: async () => ({
      status: 200,
      headers: { "content-type": deps.registry.contentType, "cache-control": "no-store" },
      body: Buffer.from(await deps.registry.metrics()),
    }),
  };
}

async function playerFile(player: PlayerFolder, call: Call): Promise<Reply> {
  const file = (await player.read()).files.get(call.parts["file"] ?? "");
  if (file === undefined) throw new VsError("not_found", "the player has no such file");
  return textReply(call.request.headers, file, immutable);
}

// What the control plane tells the others; until then, what this caller found us under.
function ownUrl(deps: AnswersDeps, call: Call): string {
  const told = deps.peers.directory.find((node) => node.nodeId === deps.nodeId)?.playbackUrl ?? "";
  return told === "" ? `http://${call.request.headers.host ?? "localhost"}` : told.replace(/\/+$/, "");
}
