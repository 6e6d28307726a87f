import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { formatToken, mintToken } from "@vstream/core/join-token.ts";
import { checkCluster, joinCluster } from "./join.ts";
import { makeKeyPem, makeRequest } from "../identity/node-key.ts";
import { TrialControlPlane } from "./trial-control-plane.fixture.ts";

const never = new AbortController().signal;
const node = {
  name: "eu-1",
  region: "eu",
  zone: "",
  labels: {},
  playbackUrl: "http://a",
  peerUrl: "https://a",
  version: "1",
  ffmpegVersion: "5",
  toolchain: "t",
  encodeSlots: 2,
  capacityBytes: 100,
};

async function attempt(controlUrl: string, authoritySha256: string) {
  const token = formatToken(mintToken(authoritySha256 as Sha256, 0));
  return { controlUrl, token, certificateRequest: await makeRequest(makeKeyPem()), node, clock: systemClock };
}

describe("join", () => {
  it("trades a token for a certificate of the cluster that the token names", async () => {
    await using control = await TrialControlPlane.start();
    control.answers.nodeId = newId("node", 0);
    const wanted = await attempt(control.controlUrl, control.authoritySha256);
    const joined = await joinCluster(wanted, never);
    assert.equal(joined.nodeId, control.answers.nodeId);
    assert.equal(joined.agentPort, control.agentPort);
    assert.match(new X509Certificate(joined.certificatePem).subjectAltName ?? "", /vstream:\/\/node\/no/);
    assert.equal(control.joins[0]?.token, wanted.token);
  });

  it("shows its token to no other cluster", async () => {
    await using control = await TrialControlPlane.start();
    const wanted = await attempt(control.controlUrl, "00".repeat(32));
    await assert.rejects(joinCluster(wanted, never), { code: "wrong_cluster" });
    assert.equal(control.joins.length, 0);
  });

  for (const code of ["token_expired", "token_used", "token_invalid"] as const) {
    it(`passes on ${code} as something that is not allowed`, async () => {
      await using control = await TrialControlPlane.start();
      control.answers.joinError = new VsError(code, "no", { hint: "vsctl tokens create" });
      const wanted = await attempt(control.controlUrl, control.authoritySha256);
      await assert.rejects(joinCluster(wanted, never), { code, exitCode: 4, hint: "vsctl tokens create" });
    });
  }

  it("refuses what is not a token", async () => {
    const wanted = { ...(await attempt("https://127.0.0.1:1", "00".repeat(32))), token: "vst.half" };
    await assert.rejects(joinCluster(wanted, never), { code: "token_invalid" });
  });

  it("notices later that the control plane is another cluster's, and minds none that is down", async () => {
    await using control = await TrialControlPlane.start();
    await using other = await TrialControlPlane.start();
    await checkCluster(control.controlUrl, control.authority.pem);
    await assert.rejects(checkCluster(other.controlUrl, control.authority.pem), { code: "wrong_cluster" });
    other.stop();
    await checkCluster(other.controlUrl, control.authority.pem);
  });
});
