// What answers each route of the playback listener, out of the parts that serving.ts built.
import type { Registry } from "prom-client";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { nodeIn } from "../replicate/directory-index.ts";
import type { Peers } from "../replicate/peers.ts";
import type { Home } from "../steering/places.ts";
import { readSteeringQuery } from "../steering/steering-query.ts";
import type { Manifests } from "./manifests.ts";
import { mediaAnswersOf } from "./media-answers.ts";
import type { MediaParts } from "./media-answers.ts";
import { PlayerFolder } from "./player-files.ts";
import { immutable, jsonReply, textReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Answer, Answers, Call } from "./routes.ts";
import type { SourceFiles } from "./serve-source.ts";
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

export interface AnswersParts extends MediaParts {
  readonly manifests: Manifests;
  readonly sources: SourceFiles;
  readonly uploads: Answer;
}

const steeringListType = "application/vnd.apple.steering-list";

export function answersOf(deps: AnswersDeps, parts: AnswersParts): Answers {
  const { manifests, steering, sources, uploads } = parts;
  const player = new PlayerFolder(deps.playerFolder);
  const selfFor = (call: Call): Home => {
    return { nodeId: deps.nodeId, name: deps.name, region: deps.region, url: ownUrl(deps, call) };
  };
  return {
    ...mediaAnswersOf(parts, selfFor),
    homes: async (call, assetId) => {
      const { at } = readSteeringQuery(call.request.url ?? "", "at");
      const manifest = await manifests.getManifest(assetId);
      const homes = steering.homes(manifest, selfFor(call), at ?? deps.nodeId);
      return jsonReply(200, { assetId, servedBy: deps.nodeId, edition: manifest.edition, homes });
    },
    steering: async (call, assetId) => {
      const asked = readSteeringQuery(call.request.url ?? "", "_HLS_pathway");
      const list = steering.list(await manifests.getManifest(assetId), selfFor(call), asked);
      const reply = jsonReply(200, list);
      return { ...reply, headers: { "content-type": steeringListType, "cache-control": "no-store" } };
    },
    watch: async (call, assetId) => {
      const { page } = await player.read();
      const manifest = await manifests.getManifest(assetId);
      const self = selfFor(call);
      return watchPage(page, manifest, { self, homes: steering.homes(manifest, self, self.nodeId) });
    },
    player: async (call) => await playerFile(player, call),
    source: (call, assetId) => sources.answer(call, assetId),
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
  const told = nodeIn(deps.peers.directory, deps.nodeId)?.playbackUrl ?? "";
  return told === "" ? `http://${call.request.headers.host ?? "localhost"}` : told.replace(/\/+$/, "");
}
