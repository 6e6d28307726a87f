// For tests: the other side of a signature of S3 (AWS Signature Version 4), by its description and not by the package that
// makes ours, and a server that gives objects to whoever signed rightly.
import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { give, openTrialServer } from "./trial-source.fixture.ts";
import type { TrialServer } from "./trial-source.fixture.ts";

export interface SignedCall {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Whether the call is signed with that key. */
export function isSigned(call: SignedCall, secretAccessKey: string): boolean {
  const form =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?/;
  const authorization = call.headers.authorization ?? "";
  const [whole, day, region, names] = form.exec(authorization) ?? [];
  if (whole === undefined || day === undefined || region === undefined || names === undefined) return false;
  const url = new URL(call.url, "http://here");
  const query = [...url.searchParams].map(([name, value]) => `${plain(name)}=${plain(value)}`).sort();
  const lines = names.split(";").map((name) => `${name}:${String(call.headers[name]).trim().replaceAll(/ +/g, " ")}\n`);
  const canonical = [
    ...[call.method, url.pathname, query.join("&"), lines.join(""), names],
    String(call.headers["x-amz-content-sha256"]),
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const toSign = ["AWS4-HMAC-SHA256", call.headers["x-amz-date"], scope, hashed].join("\n");
  const steps = [day, region, "s3", "aws4_request", toSign];
  const signature = steps.reduce<Buffer | string>((key, step) => hmac(key, step), `AWS4${secretAccessKey}`);
  const mustSign = ["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.split(";").includes(name));
  return mustSign && authorization.endsWith(`Signature=${signature.toString("hex")}`);
}

/** Objects by their path as sent, such as /films/a%20b.mp4. */
export async function openTrialS3(objects: ReadonlyMap<string, Buffer>, secretAccessKey: string): Promise<TrialServer> {
  return await openTrialServer((request, response) => {
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    };
    const { method = "", url = "", headers } = request;
    const bytes = objects.get(url);
    if (!isSigned({ method, url, headers }, secretAccessKey)) refuse(403, "SignatureDoesNotMatch");
    else if (bytes === undefined) refuse(404, "NoSuchKey");
    else {
      const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
      const isCut = objects.get("cut") !== undefined && headers.range === undefined;
      give(request, response, { bytes, etag, ...(isCut ? { breakAfter: 100_000 } : {}) });
    }
  });
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function plain(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
