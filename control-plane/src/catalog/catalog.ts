// The catalog as the rest of the control plane sees it: named commands and queries, plain data in and out, so that
// two engines can stand behind it. Each command is one transaction and is durable when its promise resolves; each
// writes its events in the same transaction. One contract suite (catalog-contract.ts) runs on every engine.
import type { Failure } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, PieceId, Sha256, TaskId, TokenId } from "@vstream/core/ids.ts";
import type { CheckReport, Manifest, NodeDescription, Piece, Probe, TextTarget } from "@vstream/core/media.ts";
import type { Decision } from "../planning/decisions.ts";
import type {
  AssetRecord,
  AssetView,
  EventRecord,
  KeepSource,
  MovableAsset,
  NodeRecord,
  ReplicaRecord,
  Scheduling,
  Snapshot,
  TaskRecord,
  TokenRecord,
} from "./records.ts";

/** Who acts, for the event log: `user:<name>`, `node:<name>` or `vstream`. */
export type Actor = string;

export interface NewAsset {
  readonly id: AssetId;
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly externalId: string | null;
  readonly ladder: string;
  readonly replicasWanted: number;
  readonly regions: readonly string[];
  readonly priority: number;
  readonly sourceName: string;
  /** null, and no bytes: a node fetches it from its URL. */
  readonly sourceSha256: Sha256 | null;
  readonly sourceBytes: number;
  readonly sourceUrl: string | null;
  readonly allowDamaged: boolean;
  readonly keepSource: KeepSource;
  readonly subtitleFiles: readonly NewSubtitleFile[];
  /** Although the same bytes are there already. */
  readonly force: boolean;
  readonly homes: readonly NodeId[];
  /** Why each was chosen. */
  readonly homeReasons: Readonly<Partial<Record<NodeId, string>>>;
  readonly pins: readonly NodeId[];
  readonly at: number;
  readonly actor: Actor;
}

export interface NewSubtitleFile {
  /** With its ending. */
  readonly name: string;
  /** BCP 47; empty when unknown. */
  readonly language: string;
  /** In base64: its character set is for its reader to find out. */
  readonly content: string;
}

/** null, and an empty list: as it is. */
export interface AssetChanges {
  readonly title: string | null;
  readonly setLabels: Readonly<Record<string, string>>;
  /** Names; what the asset does not have is passed over. */
  readonly removeLabels: readonly string[];
  readonly addSubtitles: readonly NewSubtitleFile[];
  readonly replicasWanted: number | null;
  readonly regions: readonly string[] | null;
  readonly pins: readonly NodeId[] | null;
  readonly keepSource: KeepSource | null;
}

/** By what an asset is known again; by its external id alone when forced. */
export type SameAsset = Pick<NewAsset, "externalId" | "sourceSha256" | "force">;

/**
 * `existing`: the same external id, else the same bytes, in an asset that is neither failed nor deleting. Such a one
 * loses its external id to the new asset.
 */
export type CreateAssetOutcome =
  | { readonly kind: "created"; readonly asset: AssetRecord }
  | { readonly kind: "existing"; readonly asset: AssetRecord };

export interface TaskReport {
  readonly taskId: TaskId;
  readonly nodeId: NodeId;
  readonly incarnation: string;
  readonly epoch: number;
  readonly at: number;
  readonly log: readonly string[];
  readonly outcome:
    | {
        readonly kind: "succeeded";
        readonly probe: Probe | null;
        readonly pieces: readonly Piece[];
        /** Of a verification: copies that were wrong or not there. They count as lost from now on. */
        readonly damagedPieceIds: readonly PieceId[];
        /** Of a check; else null. */
        readonly check: CheckReport | null;
      }
    /** retryAt: when it may run again; null: never (the kind of failure does not pass). */
    | { readonly kind: "failed"; readonly failure: Failure; readonly retryAt: number | null };
}

/** stale: the fence named another lease, and nothing changed. A repeated report of the same end is accepted again. */
export type ReportOutcome = "accepted" | "stale";

export interface ListQuery {
  /** 1 to 500. */
  readonly limit: number;
  readonly cursor: string | null;
  /** A field of the list's documented set, with "-" before it for descending; null: the list's own order. */
  readonly sort: string | null;
  readonly states: readonly string[];
  readonly nodeId: NodeId | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface EventQuery {
  readonly limit: number;
  readonly afterId: number | null;
  readonly since: number | null;
  /** When there are more than the limit, the newest rather than the oldest ones. */
  readonly newest?: boolean;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** What a list of assets shows beside the record. */
export interface AssetSummary {
  readonly asset: AssetRecord;
  /** Per home, the worst state of any piece there. */
  readonly replicas: readonly { readonly nodeId: NodeId; readonly state: ReplicaRecord["state"] }[];
  /** Fewest verified copies of any piece, on nodes that are not down. */
  readonly fewestCopies: number;
  /** A node that is up holds the source. */
  readonly hasSource: boolean;
  /** Sum over all verified replicas. */
  readonly storedBytes: number;
  readonly piecesDone: number;
  /** Tracks of text that it has, or is still to get. */
  readonly text: readonly TextTarget[];
}

export interface CatalogCounts {
  readonly nodesByHealth: Readonly<Record<string, number>>;
  readonly assetsByState: Readonly<Record<string, number>>;
  readonly tasksByState: Readonly<Record<string, number>>;
  readonly storedBytes: number;
  readonly capacityBytes: number;
  readonly degradedAssets: number;
}

/** An asset of which a node holds verified copies. */
export interface AssetImpact {
  readonly assetId: AssetId;
  readonly title: string;
  readonly state: AssetRecord["state"];
  /** Of any piece that the node holds: verified copies on other nodes that are not down and not leaving. */
  readonly fewestCopiesElsewhere: number;
  /** Of pieces that would have fewer copies than wanted without the node. */
  readonly bytesToCopy: number;
}

/** What depends on a node. Assets that are failed or being deleted do not count. */
export interface NodeImpact {
  readonly assets: number;
  /** With a piece that has no copy elsewhere. */
  readonly assetsOnlyHere: number;
  readonly bytesHeld: number;
  readonly bytesToCopy: number;
  /** Of one copy at a time, by the newest ones; null: there are none to judge by. */
  readonly copyBytesPerSecond: number | null;
  /** Those with the fewest copies elsewhere first. */
  readonly items: readonly AssetImpact[];
}

export interface NodeCopies {
  readonly nodeId: NodeId;
  readonly pieceIds: readonly PieceId[];
  readonly bytes: number;
}

/** What a verification found. */
export interface VerifyFindings {
  /** Copies that were wrong or not there. */
  readonly damagedPieceIds: readonly PieceId[];
  /** How many of them had counted as verified until then. */
  readonly copiesLost: number;
}

export interface CatalogIdentity {
  /** Random, made with the catalog; a restored backup gets another. */
  readonly incarnation: string;
  /** One more at each opening for scheduling. */
  readonly term: number;
}

export interface CatalogCommands {
  createAsset(asset: NewAsset): Promise<CreateAssetOutcome>;
  /**
   * Another first home for an upload whose node is gone. Only while uploading and while no node that is not down has
   * the source.
   */
  moveUpload(change: {
    assetId: AssetId;
    homes: readonly NodeId[];
    /** Why each was chosen, for those that are new. */
    homeReasons?: Readonly<Partial<Record<NodeId, string>>>;
    at: number;
  }): Promise<AssetRecord>;
  /** The upload failed or was given up: the asset is failed. Nothing happens once the source has arrived. */
  failUpload(change: { assetId: AssetId; failure: Failure; at: number; actor: Actor }): Promise<void>;
  /**
   * The source stands in a node's store. stale: the asset is not waiting for it, or the hash is not the announced one.
   */
  recordUpload(report: { assetId: AssetId; nodeId: NodeId; source: Piece; at: number }): Promise<ReportOutcome>;
  recordReport(report: TaskReport): Promise<ReportOutcome>;
  /** A piece that a running task has finished before its own end. */
  recordPiece(report: {
    taskId: TaskId;
    nodeId: NodeId;
    incarnation: string;
    epoch: number;
    piece: Piece;
    at: number;
  }): Promise<ReportOutcome>;
  /**
   * All that the node holds: what is missing counts as lost, what is there as verified. Gives the assets to be swept.
   */
  recordInventory(inventory: {
    nodeId: NodeId;
    entries: readonly { assetId: AssetId; pieceIds: readonly PieceId[] }[];
    at: number;
  }): Promise<AssetId[]>;
  /**
   * Copies that were found wrong on the node's disk and are gone from it: they count as lost. Gives how many had counted
   * as verified until then.
   */
  recordDamage(report: {
    nodeId: NodeId;
    entries: readonly { assetId: AssetId; pieceIds: readonly PieceId[] }[];
    at: number;
  }): Promise<number>;
  /**
   * A verify task for each node that is not down and holds verified copies of the asset; one that is open already is
   * given instead of a second. @throws VsError asset_not_found, conflict when it is being deleted
   */
  createVerification(change: { assetId: AssetId; at: number; actor: Actor }): Promise<TaskRecord[]>;
  /** All in one transaction, in order. Gives, for each lease-task that took effect, the task as it is now. */
  applyDecisions(batch: { decisions: readonly Decision[]; term: number; at: number }): Promise<TaskRecord[]>;
  /**
   * @throws VsError asset_not_found; conflict in the trash, for more than names of a failed asset, and for a source that
   * is to be kept and is gone; invalid_argument for too many labels, subtitles or pins; node_not_found for a pin
   */
  updateAsset(change: { assetId: AssetId; changes: AssetChanges; at: number; actor: Actor }): Promise<AssetRecord>;
  /**
   * An asset that is not ready fails as cancelled; of one that is, the edition that is being made is given up.
   * @throws VsError asset_not_found, conflict when nothing is being made
   */
  cancelAsset(change: { assetId: AssetId; at: number; actor: Actor }): Promise<AssetRecord>;
  /**
   * Begins to encode a ready asset anew; with the ladder that it is being encoded anew with already, nothing happens.
   * @param change ladder: one that there is
   * @throws VsError asset_not_found; conflict when it is not ready, its source is nowhere, or another ladder is under way
   */
  reencodeAsset(change: { assetId: AssetId; ladder: string; at: number; actor: Actor }): Promise<AssetRecord>;
  /** Puts an asset into the trash. @throws VsError asset_not_found, conflict when it is there already */
  deleteAsset(change: { assetId: AssetId; at: number; actor: Actor }): Promise<AssetRecord>;
  undeleteAsset(change: { assetId: AssetId; at: number; actor: Actor }): Promise<AssetRecord>;
  /** A dead or cancelled task runs again, its failures forgotten, and its failed asset with it. */
  retryTask(change: { taskId: TaskId; at: number; actor: Actor }): Promise<TaskRecord>;
  cancelTask(change: { taskId: TaskId; at: number; actor: Actor }): Promise<TaskRecord>;

  /** Spends the token and makes the node (or, for a name that exists and is not up, renews it) in one transaction. */
  joinNode(change: {
    tokenId: TokenId;
    node: NodeDescription;
    nodeId: NodeId;
    certificateExpiresAt: number;
    at: number;
  }): Promise<NodeRecord>;
  /** What a session's hello says; also marks the node up. */
  describeNode(change: { nodeId: NodeId; node: NodeDescription; at: number }): Promise<NodeRecord>;
  /** What heartbeats said, many nodes at once; written every few seconds, not at each beat. */
  recordLoads(
    loads: readonly { nodeId: NodeId; usedBytes: number; capacityBytes: number; lastSeenAt: number }[],
  ): Promise<void>;
  recordCertificate(change: { nodeId: NodeId; certificateExpiresAt: number; at: number }): Promise<void>;
  setScheduling(change: {
    nodeId: NodeId;
    scheduling: Scheduling;
    drainDeadlineAt: number | null;
    onDeadline: "hold" | "force";
    at: number;
    actor: Actor;
  }): Promise<NodeRecord>;
  /**
   * Its copies are gone from the catalog and its certificate is no longer accepted.
   * @throws VsError conflict unless force
   */
  removeNode(change: { nodeId: NodeId; force: boolean; at: number; actor: Actor }): Promise<NodeRecord>;

  createToken(token: TokenRecord, actor: Actor): Promise<TokenRecord>;
  revokeToken(change: { tokenId: TokenId; at: number; actor: Actor }): Promise<TokenRecord>;
  /** An event that no other command writes, such as a brake that holds. Texts that are too long are cut. */
  recordEvent(event: Omit<EventRecord, "id">): Promise<void>;
  /**
   * Assets that went into the trash at that time or before, and are settled there, are looked at by planning again.
   * Bounded work per call. Gives how many.
   */
  unsettleDueTrash(due: { before: number }): Promise<number>;
  /** The same for assets with an edition that was replaced at that time or before. */
  unsettleDueEditions(due: { before: number }): Promise<number>;
  /** Finished tasks, old events and logs beyond their time. Bounded work per call. */
  prune(before: { tasksFinishedBefore: number; eventsBefore: number }): Promise<number>;
}

export interface CatalogQueries {
  getAsset(id: AssetId): Promise<AssetSummary | null>;
  /** The asset that createAsset would give as existing. */
  findExisting(wanted: SameAsset): Promise<AssetRecord | null>;
  listAssets(query: ListQuery & { search: string }): Promise<Page<AssetSummary>>;
  getNode(idOrName: string): Promise<NodeRecord | null>;
  listNodes(query: ListQuery): Promise<Page<NodeRecord>>;
  /** How many assets each node is a home of. */
  countHomes(): Promise<ReadonlyMap<NodeId, number>>;
  getTask(id: TaskId): Promise<TaskRecord | null>;
  listTasks(query: ListQuery & { assetId: AssetId | null }): Promise<Page<TaskRecord>>;
  /** null: there is no such verification, or it has not ended well. */
  getFindings(id: TaskId): Promise<VerifyFindings | null>;
  getTaskLog(id: TaskId): Promise<readonly string[]>;
  getToken(id: TokenId): Promise<TokenRecord | null>;
  listTokens(query: ListQuery): Promise<Page<TokenRecord>>;
  /** Oldest first; with `newest`, the last ones of those that fit. */
  listEvents(query: EventQuery): Promise<readonly EventRecord[]>;
  /** All nodes, and all assets that are not settled. */
  planningSnapshot(at: number): Promise<Snapshot>;
  /** One asset whole, settled or not. */
  getAssetView(id: AssetId): Promise<AssetView | null>;
  /**
   * null: no such asset, or nothing released yet. Pieces from the first chunk that haveVersion lacked.
   * @param query edition: that is being made, with all its pieces or none, as if it were the present one
   */
  getManifest(query: { assetId: AssetId; haveVersion: number; edition?: number }): Promise<Manifest | null>;
  /** null: there is no such asset, or it has no such file. */
  getSubtitleFile(query: {
    assetId: AssetId;
    number: number;
  }): Promise<Pick<NewSubtitleFile, "name" | "content"> | null>;
  /** Newest manifest versions of the assets that a node is a home of, released ones only. */
  listManifestVersions(nodeId: NodeId): Promise<readonly { assetId: AssetId; version: number }[]>;
  /** Where it costs much, up to some seconds old. */
  counts(): Promise<CatalogCounts>;
  /** For each node that has verified copies of the asset: which, and how much that is. */
  listCopies(assetId: AssetId): Promise<readonly NodeCopies[]>;
  /** Ready, settled assets that a node is a home of and that could be moved from it, those that take most first. */
  listMovable(query: { nodeId: NodeId; limit: number }): Promise<readonly MovableAsset[]>;
  /** All pieces of an asset by their ids, each with what ffmpeg was told, where that was kept. */
  getProvenance(assetId: AssetId): Promise<readonly Piece[]>;
  /** How many assets have a home that is to go. */
  countMoves(): Promise<number>;
  /** Assets with homes beyond those wanted. */
  listExtraReplicas(): Promise<readonly { readonly assetId: AssetId; readonly extraReplicas: number }[]>;
  getNodeImpact(query: { nodeId: NodeId; limit: number }): Promise<NodeImpact>;
}

export interface Catalog extends AsyncDisposable {
  readonly identity: CatalogIdentity;
  readonly commands: CatalogCommands;
  readonly queries: CatalogQueries;
}
