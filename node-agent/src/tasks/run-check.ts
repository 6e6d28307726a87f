// Holds what is encoded of an asset against the authoring rules on its content, before viewers are told that it is
// whole: out of playlists and boxes, without decoding anything.
import { checkContent } from "@vstream/authoring/check-content.ts";
import type { Finding } from "@vstream/authoring/findings.ts";
import { contentRuleCount } from "@vstream/authoring/rules.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Manifest, RuleFinding, Work } from "@vstream/core/media.ts";
import { PublishedFiles } from "./published-files.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

/** Findings that are reported; those of rules that must hold come first. */
const findingsLimit = 50;
const messageLimit = 500;

type CheckTask = Extract<Work, { kind: "check" }>;

/** @throws VsError unavailable while the asset is not complete; what reading its objects throws */
export async function runCheck(deps: WorkDeps, work: CheckTask, context: TaskContext): Promise<TaskResult> {
  const { nodeId, askControl } = deps;
  const { assetId, signal } = context;
  // This node's own may be older than the measured rates, or than the text.
  const manifest = await askControl({ assetId, haveVersion: 0, edition: work.edition }, signal);
  if (!manifest.complete) throw new VsError("unavailable", `asset ${assetId} is not complete yet`);
  const holders = [...new Set([...work.holders, ...manifest.homeNodeIds])].filter((holder) => holder !== nodeId);
  const wanted = filesOf(manifest);
  let share = 0;
  const check = async (verified: boolean): Promise<RuleFinding[]> => {
    const files = new PublishedFiles({ ...deps, manifest, holders, verified, signal });
    const findings = await checkContent({
      ...{ files, url: files.indexUrl, mpd: files.mpd(0), filesAtOnce: 1 },
      onRead: (read) => {
        // What is read a second time was told of before.
        share = Math.min(1, Math.max(share, read / wanted));
        context.progress(share);
      },
    });
    return findings.slice(0, findingsLimit).map((found) => toRuleFinding(found, files));
  };
  const findings = await check(false);
  // A disk may have other bytes than were encoded: an asset fails by bytes only that have their hash.
  const isBroken = findings.some(({ level }) => level === "must");
  return { ...nothingMade, check: { rules: contentRuleCount, findings: isBroken ? await check(true) : findings } };
}

function toRuleFinding({ rule, level, where, message }: Finding, files: PublishedFiles): RuleFinding {
  return { rule, level, subject: files.placeOf(where), message: message.slice(0, messageLimit) };
}

/** How many entries all playlists of an asset have. */
function filesOf({ pieces, text }: Manifest): number {
  let [files, pacing] = [0, 0];
  for (const { content } of pieces) {
    if (content.kind === "audio") files += content.rendition.segments.length;
    if (content.kind !== "video") continue;
    pacing += content.renditions[0]?.segments.length ?? 0;
    for (const { segments } of content.renditions) {
      files += segments.reduce((sum, { keyframes }) => sum + 1 + keyframes.length, 0);
    }
  }
  return Math.max(1, files + pacing * text.length);
}
