// An asset whose made-up source was uploaded and that scripted agents have made ready; for tests of what comes after.
import { setTimeout as delay } from "node:timers/promises";
import type { Asset, CreateAssetRequest, CreateAssetResponse, GetAssetResponse } from "@vstream/proto/admin.ts";
import { assetRequest } from "./asset-request.ts";
import { objectNamed, sourcePiece } from "./made-up-media.ts";
import type { RunningPlane } from "./running-plane.ts";
import { join, openSession } from "./scripted-agent.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";
import { asked } from "./unary.ts";

export async function startAgent(
  running: RunningPlane,
  name: string,
  given: { region?: string; works?: Parameters<typeof openSession>[2] } = {},
): Promise<ScriptedAgent> {
  const { region = "eu", works } = given;
  const identity = await join(running, { name, region, token: await running.createToken({}) });
  const agent = openSession(running, identity, works);
  await agent.hear("welcome");
  return agent;
}

/** Another asset for each source name. */
export async function readyAsset(
  running: RunningPlane,
  agents: readonly ScriptedAgent[],
  change: Partial<CreateAssetRequest> & { sourceName: string },
): Promise<Asset> {
  const source = objectNamed(change.sourceName);
  const request = assetRequest({ sourceSha256: source.sha256, sourceBytes: source.bytes, ...change });
  const created = await asked<CreateAssetResponse>((done) =>
    running.admin.createAsset(request, running.metadata, done),
  );
  const assetId = created.asset?.id ?? "";
  const receiver = agents.find((agent) => agent.identity.nodeId === created.upload?.nodeId);
  if (receiver === undefined) throw new Error("no agent is to receive the upload");
  const outcome = { $case: "source", value: sourcePiece(source) } as const;
  await asked((done) => receiver.client.reportUpload({ assetId, outcome }, done));
  return await untilAsset(running, assetId, ({ state }) => state === "ready");
}

/** The asset, once it is so; as long as the test runs. */
export async function untilAsset(running: RunningPlane, id: string, isSo: (asset: Asset) => boolean): Promise<Asset> {
  for (;;) {
    const { asset } = await asked<GetAssetResponse>((done) => running.admin.getAsset({ id }, running.metadata, done));
    if (asset !== undefined && isSo(asset)) return asset;
    await delay(20);
  }
}
