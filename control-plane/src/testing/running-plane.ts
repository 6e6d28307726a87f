// A whole control plane in this process, on free ports, in a folder of its own; for tests.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metadata, credentials } from "@grpc/grpc-js";
import { systemClock } from "@vstream/core/clock.ts";
import type { VsError } from "@vstream/core/errors.ts";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import { openLog } from "@vstream/core/log.ts";
import { AdminServiceClient } from "@vstream/proto/admin.ts";
import type { Token } from "@vstream/proto/admin.ts";
import { controlConfigSchema } from "../config.ts";
import type { ControlConfig } from "../config.ts";
import { openControlPlane } from "../control-plane.ts";
import type { ControlPlane } from "../control-plane.ts";
import { asked } from "./unary.ts";

export interface RunningPlane extends AsyncDisposable {
  readonly dataDir: string;
  readonly config: ControlConfig;
  readonly plane: ControlPlane;
  readonly admin: AdminServiceClient;
  /** Of the admin; to be sent with each call. */
  readonly metadata: Metadata;
  readonly authorityPem: string;
  createToken(wanted: Partial<Token> & { expiresMs?: number }): Promise<string>;
}

export async function runPlane(settings: Record<string, unknown> = {}): Promise<RunningPlane> {
  const dataDir = await mkdtemp(join(tmpdir(), "vstream-control-"));
  const listen = "127.0.0.1:0";
  const config = controlConfigSchema.parse({ dataDir, listen, agentListen: listen, httpListen: listen, ...settings });
  const { log } = openLog({ program: "test", level: "silent" });
  const onFatal = (error: VsError): never => {
    throw error;
  };
  const plane = await openControlPlane(config, { log, clock: systemClock, version: "test", onFatal });
  const access = JSON.parse(await readFile(join(dataDir, "vsctl.json"), "utf8")) as Access;
  const metadata = bearer(access.token);
  const address = `127.0.0.1:${String(plane.ports.listen)}`;
  const secure = credentials.createSsl(Buffer.from(access.authorityPem));
  const admin = new AdminServiceClient(address, secure, channelOptionsFor("127.0.0.1"));
  return {
    dataDir,
    config,
    plane,
    admin,
    metadata,
    authorityPem: access.authorityPem,
    async createToken({ kind = "node", name = "", region = "", role = "", expiresMs = 0 }) {
      const request = { kind, name, region, role, expiresMs };
      const { secret } = await asked<{ secret: string }>((done) => admin.createToken(request, metadata, done));
      return secret;
    },
    async [Symbol.asyncDispose]() {
      admin.close();
      await plane[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true });
    },
  };
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

interface Access {
  readonly server: string;
  readonly token: string;
  readonly authorityPem: string;
}
