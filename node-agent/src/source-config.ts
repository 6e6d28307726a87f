// What an agent can be told about sources that it fetches itself: which networks it may reach, whose certificates it
// trusts, and the endpoints and keys for s3://. Keys and authorities may be given as files.
import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import { VsError } from "@vstream/core/errors.ts";
import { z } from "zod";
import { isNetwork } from "./sources/address-rules.ts";
import type { S3Key, S3Place } from "./sources/s3-access.ts";

const gib = 1024 ** 3;

export const fetchSchema = z.strictObject({
  allowNetworks: z
    .array(z.string().refine(isNetwork, { error: "is not a network such as 10.1.0.0/16 or fd00::/8" }))
    .max(100)
    .default([]),
  caFile: z.string().min(1).optional(),
  maxSourceBytes: z
    .int()
    .min(1)
    .default(256 * gib),
});

const bucketName = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: "is not the name of a bucket" });
const endpointUrl = z
  .url({ protocol: /^https?$/, error: "is not a URL such as https://s3.example" })
  .refine((text) => isPlain(new URL(text)), { error: "has more than a host, a port and a path" });

export const s3Schema = z
  .array(
    z
      .strictObject({
        buckets: z.array(bucketName).max(1_000).default([]),
        endpoint: endpointUrl.optional(),
        region: z.string().min(1).max(64).default("us-east-1"),
        accessKeyId: z.string().min(1).optional(),
        accessKeyIdFile: z.string().min(1).optional(),
        secretAccessKey: z.string().min(1).optional(),
        secretAccessKeyFile: z.string().min(1).optional(),
        sessionToken: z.string().min(1).optional(),
        forcePathStyle: z.boolean().optional(),
      })
      .refine((place) => (place.accessKeyId === undefined) !== (place.accessKeyIdFile === undefined), {
        error: "needs one of accessKeyId and accessKeyIdFile",
      })
      .refine((place) => (place.secretAccessKey === undefined) !== (place.secretAccessKeyFile === undefined), {
        error: "needs one of secretAccessKey and secretAccessKeyFile",
      }),
  )
  .max(100)
  .default([]);

type Environment = Readonly<Record<string, string | undefined>>;

/** The configured places, then one for all other buckets by the variables AWS_…, where these are set. @throws VsError invalid_config */
export function s3Places(configured: z.infer<typeof s3Schema>, env: Environment): S3Place[] {
  const places = configured.map((place): S3Place => {
    const { buckets, endpoint = null, region, forcePathStyle = null, sessionToken = null } = place;
    const key = (): S3Key => {
      return {
        accessKeyId: valueOf(place.accessKeyId, place.accessKeyIdFile),
        secretAccessKey: valueOf(place.secretAccessKey, place.secretAccessKeyFile),
        sessionToken,
      };
    };
    return { buckets, endpoint, region, forcePathStyle, key };
  });
  const usual = placeFromEnvironment(env);
  return usual === null ? places : [...places, usual];
}

/** The usual authorities and the operator's, PEM; null: the usual ones alone. @throws VsError invalid_config */
export function authoritiesWith(caFile: string | undefined): readonly string[] | null {
  if (caFile === undefined) return null;
  try {
    return [...getCACertificates("default"), readFileSync(caFile, "utf8")];
  } catch (cause) {
    throw new VsError("invalid_config", `fetch.caFile ${caFile} cannot be read`, { cause });
  }
}

function placeFromEnvironment(env: Environment): S3Place | null {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  if (accessKeyId === undefined || secretAccessKey === undefined) return null;
  const key = { accessKeyId, secretAccessKey, sessionToken: env["AWS_SESSION_TOKEN"] ?? null };
  return {
    buckets: [],
    endpoint: endpointFromEnvironment(env),
    region: env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? "us-east-1",
    forcePathStyle: null,
    key: () => key,
  };
}

function endpointFromEnvironment(env: Environment): string | null {
  const name = env["AWS_ENDPOINT_URL_S3"] === undefined ? "AWS_ENDPOINT_URL" : "AWS_ENDPOINT_URL_S3";
  const endpoint = env[name];
  if (endpoint === undefined || endpoint === "") return null;
  const { success, error } = endpointUrl.safeParse(endpoint);
  if (success) return endpoint;
  throw new VsError("invalid_config", `${name} ${error.issues[0]?.message ?? "is not a URL"}`);
}

function valueOf(value: string | undefined, file: string | undefined): string {
  if (value !== undefined) return value;
  try {
    return readFileSync(file ?? "", "utf8").trim();
  } catch (cause) {
    throw new VsError("source_forbidden", "this node's key for the bucket cannot be read", {
      hint: `Make ${file ?? "its file"} readable for the agent`,
      cause,
    });
  }
}

function isPlain({ username, password, search, hash }: URL): boolean {
  return username === "" && password === "" && search === "" && hash === "";
}
