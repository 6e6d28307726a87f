// Every path that the playback listener answers, in one place. A path is matched as it was sent, never decoded: ids,
// hashes and names have forms of their own, and whatever does not fit them is not there.
import type { IncomingMessage, ServerResponse } from "node:http";
import { VsError } from "@vstream/core/errors.ts";
import { isId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Reply } from "./reply.ts";

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The named parts of the path. */
  readonly parts: Readonly<Record<string, string>>;
}

/** Null: the route has answered by itself. */
export type Answer = (call: Call) => Reply | null | Promise<Reply | null>;

export interface Route {
  /** For logs and metrics; says nothing of a single asset. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly methods: readonly string[];
  /** Whether pages of other origins may read it. */
  readonly shared: boolean;
  /** For a person: errors are plain text. */
  readonly forPeople: boolean;
  readonly answer: Answer;
}

/** What answers each route; serving.ts puts them together. */
export interface Answers {
  readonly index: (call: Call, assetId: AssetId) => Promise<Reply>;
  readonly video: (call: Call, assetId: AssetId) => Promise<Reply>;
  readonly audio: (call: Call, assetId: AssetId) => Promise<Reply>;
  readonly object: (call: Call, assetId: AssetId) => Promise<Reply>;
  readonly homes: (call: Call, assetId: AssetId) => Promise<Reply>;
  readonly steering: (call: Call, assetId: AssetId) => Promise<Reply>;
  readonly watch: (call: Call, assetId: AssetId) => Promise<Reply>;
  readonly player: Answer;
  readonly uploads: Answer;
  readonly healthz: Answer;
  readonly readyz: Answer;
  readonly metrics: Answer;
}

const reading = ["GET", "HEAD"];
const uploading = ["POST", "HEAD", "PATCH", "DELETE", "OPTIONS"];

export function routesFor(answers: Answers): Route[] {
  const media = (name: string, rest: string, answer: (call: Call, assetId: AssetId) => Promise<Reply>): Route => ({
    name,
    pattern: new RegExp(`^/v/(?<asset>[0-9a-z]+)/${rest}$`),
    methods: reading,
    shared: true,
    forPeople: false,
    answer: (call) => answer(call, assetOf(call)),
  });
  const page = (name: string, pattern: RegExp, answer: Answer): Route => ({
    name,
    pattern,
    methods: reading,
    shared: false,
    forPeople: false,
    answer,
  });
  const uploads = page("uploads", /^\/uploads(\/(?<upload>[0-9a-z]+))?\/?$/, answers.uploads);
  const steering = page("steering", /^\/steering\/(?<asset>[0-9a-z]+)$/, (call) =>
    answers.steering(call, assetOf(call)),
  );
  const watch = page("watch", /^\/watch\/(?<asset>[0-9a-z]+)$/, (call) => answers.watch(call, assetOf(call)));
  return [
    media("object", "(?<hash>[0-9a-f]{64})\\.(?<extension>mp4|m4s)", answers.object),
    media("video", "video/(?<rung>[A-Za-z0-9][\\w.-]{0,63})\\.m3u8", answers.video),
    media("audio", "audio/(?<track>\\d{1,2})\\.m3u8", answers.audio),
    media("index", "index\\.m3u8", answers.index),
    media("homes", "homes\\.json", answers.homes),
    media("mpd", "manifest\\.mpd", notThereYet("DASH manifests")),
    { ...steering, shared: true },
    { ...watch, forPeople: true },
    page("player", /^\/player\/(?<file>[\w-]+(\.[\w-]+)+)$/, answers.player),
    { ...uploads, methods: uploading },
    page("healthz", /^\/healthz$/, answers.healthz),
    page("readyz", /^\/readyz$/, answers.readyz),
    page("metrics", /^\/metrics$/, answers.metrics),
    { ...page("embed", /^\/embed\/[^/]*$/, notThereYet("The player for other pages")), forPeople: true },
    { ...page("library", /^\/$/, notThereYet("The library page")), forPeople: true },
  ];
}

function assetOf(call: Call): AssetId {
  const asset = call.parts["asset"] ?? "";
  if (isId("asset", asset)) return asset;
  throw new VsError("asset_not_found", `"${asset.slice(0, 40)}" is not the id of an asset`, {
    hint: "vsctl assets list shows them",
  });
}

function notThereYet(what: string): () => Promise<Reply> {
  return () => {
    const hint = "Watch an asset at /watch/{assetId}, or play /v/{assetId}/index.m3u8";
    return Promise.reject(new VsError("not_there_yet", `${what}: not there yet`, { hint }));
  };
}
