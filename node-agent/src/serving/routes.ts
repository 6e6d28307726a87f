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

export type AssetAnswer = (call: Call, assetId: AssetId) => Promise<Reply>;

/** What answers the routes below /v/{asset}/. */
export interface MediaAnswers {
  readonly index: AssetAnswer;
  readonly dash: AssetAnswer;
  readonly video: AssetAnswer;
  readonly iframes: AssetAnswer;
  readonly audio: AssetAnswer;
  readonly text: AssetAnswer;
  readonly textSegment: AssetAnswer;
  readonly wholeText: AssetAnswer;
  readonly object: AssetAnswer;
  readonly poster: AssetAnswer;
  readonly thumbnails: AssetAnswer;
  readonly homes: AssetAnswer;
}

/** What answers each route; serving.ts puts them together. */
export interface Answers extends MediaAnswers {
  readonly steering: AssetAnswer;
  readonly watch: AssetAnswer;
  readonly player: Answer;
  readonly source: AssetAnswer;
  readonly uploads: Answer;
  readonly healthz: Answer;
  readonly readyz: Answer;
  readonly metrics: Answer;
}

const reading = ["GET", "HEAD"];
const uploading = ["POST", "HEAD", "PATCH", "DELETE", "OPTIONS"];

export function routesFor(answers: Answers): Route[] {
  const page = (name: string, pattern: RegExp, answer: Answer): Route => ({
    name,
    pattern,
    methods: reading,
    shared: false,
    forPeople: false,
    answer,
  });
  const uploads = page("uploads", /^\/uploads(\/(?<upload>[0-9a-z]+))?\/?$/, answers.uploads);
  // Not called "asset": who fetches a source watches nothing.
  const source = page("source", /^\/sources\/(?<source>[0-9a-z]+)$/, (call) =>
    answers.source(call, assetOf(call, "source")),
  );
  const steering = page("steering", /^\/steering\/(?<asset>[0-9a-z]+)$/, (call) =>
    answers.steering(call, assetOf(call)),
  );
  const watch = page("watch", /^\/watch\/(?<asset>[0-9a-z]+)$/, (call) => answers.watch(call, assetOf(call)));
  return [
    ...mediaRoutes(answers),
    { ...steering, shared: true },
    { ...watch, forPeople: true },
    source,
    page("player", /^\/player\/(?<file>[\w-]+(\.[\w-]+)+)$/, answers.player),
    { ...uploads, methods: uploading },
    page("healthz", /^\/healthz$/, answers.healthz),
    page("readyz", /^\/readyz$/, answers.readyz),
    page("metrics", /^\/metrics$/, answers.metrics),
    { ...page("embed", /^\/embed\/[^/]*$/, notThereYet("The player for other pages")), forPeople: true },
    { ...page("library", /^\/$/, notThereYet("The library page")), forPeople: true },
  ];
}

function mediaRoutes(answers: MediaAnswers): Route[] {
  const media = (name: string, rest: string, answer: AssetAnswer): Route => ({
    name,
    pattern: new RegExp(`^/v/(?<asset>[0-9a-z]+)/${rest}$`),
    methods: reading,
    shared: true,
    forPeople: false,
    answer: (call) => answer(call, assetOf(call)),
  });
  const rung = "(?<rung>[A-Za-z0-9][\\w.-]{0,63})";
  const track = "(?<track>\\d{1,2})";
  const edition = "(-e(?<edition>[1-9]\\d{0,3}))?";
  return [
    media("object", "(?<hash>[0-9a-f]{64})\\.(?<extension>mp4|m4s|jpg|vtt)", answers.object),
    media("video", `video${edition}/${rung}\\.m3u8`, answers.video),
    media("iframes", `iframes${edition}/${rung}\\.m3u8`, answers.iframes),
    media("audio", `audio${edition}/${track}\\.m3u8`, answers.audio),
    media("text", `text/${track}\\.m3u8`, answers.text),
    media("text-segment", `text/${track}/(?<segment>\\d{1,6})\\.vtt`, answers.textSegment),
    media("text-whole", `text/${track}\\.vtt`, answers.wholeText),
    media("index", "index\\.m3u8", answers.index),
    media("dash", "manifest\\.mpd", answers.dash),
    media("poster", "poster\\.jpg", answers.poster),
    media("thumbnails", "thumbnails\\.vtt", answers.thumbnails),
    media("homes", "homes\\.json", answers.homes),
  ];
}

function assetOf(call: Call, part = "asset"): AssetId {
  const asset = call.parts[part] ?? "";
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
