// Objects of S3 and of what speaks like it: which endpoint has a bucket, with whose key, and a signed GET of an object.
// Endpoints and keys are the operator's; a URL only names bucket and object.
import { AwsV4Signer } from "aws4fetch";
import { VsError } from "@vstream/core/errors.ts";

export interface S3Place {
  /** Those that it is for; none: all. */
  readonly buckets: readonly string[];
  /** null: Amazon's, of the region. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Whether the bucket stands in the path rather than in the host's name; null: as is usual at the endpoint. */
  readonly forcePathStyle: boolean | null;
  /** Asked for anew for each request, since keys are changed. @throws VsError source_forbidden */
  readonly key: () => S3Key;
}

export interface S3Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

export interface SignedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * @param url s3://BUCKET/KEY
 * @param headers to be sent, and signed, with it
 * @throws VsError source_forbidden when the node has no access to the bucket, or no key for it
 */
export async function signedGet(
  url: URL,
  { places, headers }: { readonly places: readonly S3Place[]; readonly headers: Readonly<Record<string, string>> },
): Promise<SignedRequest> {
  const bucket = url.hostname;
  // One that names the bucket goes before one for all.
  const named = places.find(({ buckets }) => buckets.includes(bucket));
  const place = named ?? places.find(({ buckets }) => buckets.length === 0);
  if (place === undefined) {
    throw new VsError("source_forbidden", `this node knows no endpoint for the bucket ${bucket}`, {
      hint: "Give it one: s3 in the agent's configuration, on every node that may fetch it",
    });
  }
  const { sessionToken, ...key } = place.key();
  const signer = new AwsV4Signer({
    ...{ method: "GET", url: addressOf(place, bucket, keyOf(url)), headers, service: "s3", region: place.region },
    ...key,
    ...(sessionToken === null ? {} : { sessionToken }),
  });
  const signed = await signer.sign();
  return { url: new URL(signed.url), headers: Object.fromEntries(new Headers(signed.headers)) };
}

// Of each part all is written as its number that a signature wants so: what is left plain is plain to every server.
function keyOf({ pathname }: URL): string {
  try {
    const parts = pathname.slice(1).split("/").map(decodeURIComponent);
    return parts.map((part) => encodeURIComponent(part).replaceAll(/[!'()*]/g, numbered)).join("/");
  } catch {
    throw new VsError("source_not_found", 'the key of an object holds "%" that stands for nothing: write %25');
  }
}

function numbered(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}

// A certificate for all buckets covers a name without dots only.
function addressOf({ endpoint, region, forcePathStyle }: S3Place, bucket: string, key: string): string {
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  const isInPath = forcePathStyle ?? (endpoint !== null || bucket.includes("."));
  const folder = base.pathname.replace(/\/+$/, "");
  if (isInPath) return `${base.origin}${folder}/${bucket}/${key}`;
  return `${base.protocol}//${bucket}.${base.host}${folder}/${key}`;
}
