// The calls to the control plane, in vsctl's own shapes. With its two helpers, admin-channel.ts and wire.ts, the only
// place in vsctl that knows gRPC and the wire.
import type { Failure } from "@vstream/core/errors.ts";
import { AdminServiceService as service } from "@vstream/proto/admin.ts";
import type * as Wire from "@vstream/proto/admin.ts";
import { AdminChannel } from "./admin-channel.ts";
import type { Cluster } from "./cluster-address.ts";
import type {
  Asset,
  AssetPlayback,
  CopyVerification,
  Event,
  Node,
  NodeImpact,
  Page,
  Provenance,
  Rebalance,
  RebuildProgress,
  SourceTicket,
  Status,
  Task,
  Token,
} from "./shapes.ts";
import {
  given,
  toAsset,
  toCopyVerification,
  toEvent,
  toInstant,
  toNode,
  toNodeImpact,
  toPage,
  toProvenance,
  toRebuildProgress,
  toTask,
  toToken,
} from "./wire.ts";

export interface ListQuery {
  readonly limit: number;
  readonly cursor: string;
  readonly sort: string;
  readonly states: string[];
  readonly node: string;
  readonly labels: Record<string, string>;
}

export const wholeList: ListQuery = { limit: 500, cursor: "", sort: "", states: [], node: "", labels: {} };

/** What is not set, or empty, stays as it is; regions and pinned nodes that are an empty list: none in particular. */
export interface AssetUpdate {
  readonly title: string | undefined;
  readonly setLabels: Record<string, string>;
  readonly removeLabels: string[];
  readonly addSubtitles: SubtitleFile[];
  readonly replicas: number | undefined;
  readonly regions: string[] | undefined;
  readonly pinnedNodes: string[] | undefined;
  readonly keepSource: string | undefined;
}

export type NewAsset = Wire.CreateAssetRequest;
export type SubtitleFile = Wire.SubtitleFile;

export interface UploadTicket {
  /** Where the upload is created. */
  readonly url: string;
  readonly token: string;
  readonly nodeId: string;
}

/**
 * A client of one cluster.
 * @param signal ends every call with its reason
 * @throws VsError unavailable, wrong_cluster or token_invalid when the cluster's certificate must be fetched first
 */
export async function connectToCluster(cluster: Cluster, signal: AbortSignal): Promise<ControlClient> {
  const authorityPem = cluster.authorityPem ?? (await fetchPem(cluster));
  return new ControlClient(new AdminChannel({ ...cluster, authorityPem }, signal));
}

async function fetchPem({ host, port, token }: Cluster): Promise<string> {
  const [{ fetchAuthority }, { parseToken }] = await Promise.all([
    import("@vstream/core/trust.ts"),
    import("@vstream/core/join-token.ts"),
  ]);
  return await fetchAuthority({ host, port }, parseToken(token).authoritySha256);
}

export class ControlClient implements AsyncDisposable {
  readonly #channel: AdminChannel;

  constructor(channel: AdminChannel) {
    this.#channel = channel;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#channel.close();
    return Promise.resolve();
  }

  /** `upload` is null when nothing is to be uploaded; `duplicate` when the bytes or the external id are known. */
  async createAsset(request: NewAsset): Promise<{ asset: Asset; duplicate: boolean; upload: UploadTicket | null }> {
    const { asset, duplicate, upload } = await this.#channel.call(service.createAsset, request);
    return { asset: toAsset(asset), duplicate, upload: upload ?? null };
  }

  async renewUpload(assetId: string, nodeFailed: boolean): Promise<UploadTicket> {
    const { upload } = await this.#channel.call(service.renewUpload, { assetId, nodeFailed });
    return given(upload);
  }

  async abandonUpload(assetId: string, reason: Failure): Promise<void> {
    await this.#channel.call(service.abandonUpload, { assetId, reason: { ...reason, retryable: false } });
  }

  async getAsset(id: string): Promise<Asset> {
    return toAsset((await this.#channel.call(service.getAsset, { id })).asset);
  }

  async listAssets(options: ListQuery, search: string): Promise<Page<Asset>> {
    return toPage(await this.#channel.call(service.listAssets, { options, search }), toAsset);
  }

  async updateAsset(id: string, { regions, pinnedNodes, ...update }: AssetUpdate): Promise<Asset> {
    const request = {
      ...update,
      id,
      regions: regions === undefined ? undefined : { regions },
      pinnedNodes: pinnedNodes === undefined ? undefined : { nodes: pinnedNodes },
    };
    return toAsset((await this.#channel.call(service.updateAsset, request)).asset);
  }

  /** An asset that is not ready fails as cancelled; of one that is, the edition that is being made is given up. */
  async cancelAsset(id: string): Promise<Asset> {
    return toAsset((await this.#channel.call(service.cancelAsset, { id })).asset);
  }

  async deleteAsset(id: string): Promise<Asset> {
    return toAsset((await this.#channel.call(service.deleteAsset, { id })).asset);
  }

  async undeleteAsset(id: string): Promise<Asset> {
    return toAsset((await this.#channel.call(service.undeleteAsset, { id })).asset);
  }

  /** Begins to encode a ready asset anew. */
  async reencodeAsset(id: string, ladder: string): Promise<Asset> {
    return toAsset((await this.#channel.call(service.reencodeAsset, { id, ladder })).asset);
  }

  async getPlayback(id: string): Promise<AssetPlayback> {
    const { asset, playback } = await this.#channel.call(service.getPlayback, { id });
    return {
      asset: toAsset(asset),
      playback: { watch: playback?.watch ?? [], hls: playback?.hls ?? [], dash: playback?.dash ?? [] },
    };
  }

  /** Snapshots of an asset from a token on; ends when the asset is gone. */
  async *watchAsset(id: string, resumeToken: string): AsyncGenerator<{ item: Asset; resumeToken: string }> {
    for await (const response of this.#channel.stream(service.watchAsset, { id, resumeToken })) {
      yield { item: toAsset(response.asset), resumeToken: response.resumeToken };
    }
  }

  /** Has every copy of an asset hashed again: how far each node is, until all have answered. */
  async *verifyAsset(id: string): AsyncGenerator<{ copies: CopyVerification[]; done: boolean }> {
    for await (const { copies, done } of this.#channel.stream(service.verifyAsset, { id })) {
      yield { copies: copies.map(toCopyVerification), done };
    }
  }

  /** From where an asset's source can be fetched, best first. */
  async downloadSource(id: string): Promise<{ asset: Asset; tickets: SourceTicket[] }> {
    const { asset, tickets } = await this.#channel.call(service.downloadSource, { id });
    return { asset: toAsset(asset), tickets };
  }

  /** Has made again what is wrong or missing; a resume token goes on from an earlier call. */
  async *rebuildAsset(id: string, resumeToken: string): AsyncGenerator<{ item: RebuildProgress; resumeToken: string }> {
    const since = resumeToken === "" ? 0 : Number(resumeToken);
    for await (const response of this.#channel.stream(service.rebuildAsset, { id, since })) {
      yield { item: toRebuildProgress(response), resumeToken: String(response.startedAt) };
    }
  }

  async getProvenance(id: string): Promise<Provenance> {
    return toProvenance(await this.#channel.call(service.getProvenance, { id }));
  }

  async listNodes(options: ListQuery): Promise<Page<Node>> {
    return toPage(await this.#channel.call(service.listNodes, { options }), toNode);
  }

  async getNode(node: string): Promise<Node> {
    return toNode((await this.#channel.call(service.getNode, { node })).node);
  }

  async cordonNode(node: string): Promise<Node> {
    return toNode((await this.#channel.call(service.cordonNode, { node })).node);
  }

  async uncordonNode(node: string): Promise<Node> {
    return toNode((await this.#channel.call(service.uncordonNode, { node })).node);
  }

  async drainNode(request: { node: string; deadlineMs: number; onDeadline: string }): Promise<Node> {
    return toNode((await this.#channel.call(service.drainNode, request)).node);
  }

  async removeNode(request: { node: string; force: boolean }): Promise<Node> {
    return toNode((await this.#channel.call(service.removeNode, request)).node);
  }

  async getNodeImpact(request: { node: string; limit: number }): Promise<NodeImpact> {
    return toNodeImpact(await this.#channel.call(service.getNodeImpact, request));
  }

  async previewRebalance(): Promise<Rebalance> {
    return await this.#channel.call(service.previewRebalance, {});
  }

  async getNodeLogs(request: { node: string; lines: number }): Promise<string[]> {
    return (await this.#channel.call(service.getNodeLogs, request)).lines;
  }

  /** The secret is the whole token; it is shown this once. */
  async createToken(request: Wire.CreateTokenRequest): Promise<{ token: Token; secret: string }> {
    const { token, secret } = await this.#channel.call(service.createToken, request);
    return { token: toToken(token), secret };
  }

  async listTokens(options: ListQuery): Promise<Page<Token>> {
    return toPage(await this.#channel.call(service.listTokens, { options }), toToken);
  }

  async revokeToken(id: string): Promise<Token> {
    return toToken((await this.#channel.call(service.revokeToken, { id })).token);
  }

  async listTasks(options: ListQuery, assetId: string): Promise<Page<Task>> {
    return toPage(await this.#channel.call(service.listTasks, { options, assetId }), toTask);
  }

  async getTask(id: string): Promise<Task> {
    return toTask((await this.#channel.call(service.getTask, { id })).task);
  }

  /** `running`: more lines may come. */
  async getTaskLogs(id: string): Promise<{ lines: string[]; running: boolean }> {
    return await this.#channel.call(service.getTaskLogs, { id });
  }

  async retryTask(id: string): Promise<Task> {
    return toTask((await this.#channel.call(service.retryTask, { id })).task);
  }

  async cancelTask(id: string): Promise<Task> {
    return toTask((await this.#channel.call(service.cancelTask, { id })).task);
  }

  async listEvents(options: ListQuery, since: number): Promise<Page<Event>> {
    return toPage(await this.#channel.call(service.listEvents, { options, since }), toEvent);
  }

  /** Events from a token on (empty: from `since`, milliseconds since the epoch; 0: from now). Does not end. */
  async *watchEvents(since: number, resumeToken: string): AsyncGenerator<{ item: Event; resumeToken: string }> {
    for await (const response of this.#channel.stream(service.watchEvents, { since, resumeToken })) {
      yield { item: toEvent(response.event), resumeToken: response.resumeToken };
    }
  }

  async getStatus(): Promise<Status> {
    const status = await this.#channel.call(service.getStatus, {});
    return { ...status, startedAt: toInstant(status.startedAt) };
  }
}
