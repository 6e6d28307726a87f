import assert from "node:assert/strict";
import { trialStoreForEach } from "../store/trial-store.fixture.ts";
import { AddressRules } from "./address-rules.ts";
import { signedGet } from "./s3-access.ts";
import type { S3Place } from "./s3-access.ts";
import { isSigned, openTrialS3 } from "./trial-s3.fixture.ts";
import { bytesMade, runTrialFetch, sourceBytes } from "./trial-source.fixture.ts";

const key = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
};
const film = sourceBytes(300_000);

function placeAt(endpoint: string | null, changes: Partial<S3Place> = {}): S3Place {
  return { buckets: [], endpoint, region: "eu-central-1", forcePathStyle: null, key: () => key, ...changes };
}

describe("a source at s3://", function () {
  this.timeout(30_000);
  const trial = trialStoreForEach();
  // The endpoint is the operator's word: no rule keeps it from loopback.
  const fetchFrom = (url: string, places: readonly S3Place[]) =>
    runTrialFetch({ store: trial.store, url, access: { rules: new AddressRules([]), places } });

  it("is fetched with a right signature, whatever its key is called", async () => {
    const names = ["a.mp4", "2024/a b+c.mov", "ü (1)!*'~.mkv", "100%/a=b&c;d:e@f,$.mp4"];
    for (const name of names) {
      const path = name.split("/").map((part) => encodeURIComponent(part).replaceAll(/[!'()*]/g, hexed));
      await using server = await openTrialS3(new Map([[`/films/${path.join("/")}`, film]]), key.secretAccessKey);
      const { pieces } = await fetchFrom(`s3://films/${path.join("/")}`, [placeAt(`http://127.0.0.1:${server.port}`)]);
      assert.ok((await bytesMade(trial.store, pieces)).equals(film), name);
    }
  });

  it("goes on with a signed range when it breaks off", async () => {
    const objects = new Map([
      ["/films/a.mp4", film],
      ["cut", film],
    ]);
    await using server = await openTrialS3(objects, key.secretAccessKey);
    const { pieces } = await fetchFrom("s3://films/a.mp4", [placeAt(`http://127.0.0.1:${server.port}`)]);
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    assert.deepEqual(server.ranges, ["", "bytes=100000-"]);
    assert.match(server.heard[1]?.headers.authorization ?? "", /SignedHeaders=[^,]*range/);
  });

  it("is refused with the endpoint's reason: another key, no such object", async () => {
    await using server = await openTrialS3(new Map([["/films/a.mp4", film]]), key.secretAccessKey);
    const endpoint = `http://127.0.0.1:${server.port}`;
    const wrong = placeAt(endpoint, { key: () => ({ ...key, secretAccessKey: "another" }) });
    await assert.rejects(fetchFrom("s3://films/a.mp4", [wrong]), {
      ...{ code: "source_forbidden", message: /s3:\/\/films\/a\.mp4 .*403 \(SignatureDoesNotMatch\)/ },
    });
    await assert.rejects(fetchFrom("s3://films/b.mp4", [placeAt(endpoint)]), {
      ...{ code: "source_not_found", message: /404 \(NoSuchKey\)/ },
    });
  });

  it("is refused on a node that knows no endpoint for its bucket", async () => {
    for (const places of [[], [placeAt("http://127.0.0.1:1", { buckets: ["other"] })]]) {
      await assert.rejects(fetchFrom("s3://films/a.mp4", places), {
        code: "source_forbidden",
        message: /bucket films/,
      });
    }
  });
});

describe("the address of an object", () => {
  const addressFrom = async (url: string, ...places: S3Place[]) =>
    (await signedGet(new URL(url), { places, headers: {} })).url.href;

  it("has the bucket where the endpoint wants it", async () => {
    const amazon = "https://films.s3.eu-central-1.amazonaws.com/a.mp4";
    assert.equal(await addressFrom("s3://films/a.mp4", placeAt(null)), amazon);
    assert.equal(
      await addressFrom("s3://films.example/a.mp4", placeAt(null)),
      "https://s3.eu-central-1.amazonaws.com/films.example/a.mp4",
    );
    const own = "https://minio.example:9000/store/";
    assert.equal(await addressFrom("s3://films/a.mp4", placeAt(own)), `${own}films/a.mp4`);
    const hosted = placeAt(own, { forcePathStyle: false });
    assert.equal(await addressFrom("s3://films/a.mp4", hosted), "https://films.minio.example:9000/store/a.mp4");
  });

  it("is that of the place that names the bucket, before one for all", async () => {
    const places = [placeAt("https://all.example"), placeAt("https://own.example", { buckets: ["films"] })];
    assert.equal(await addressFrom("s3://films/a", ...places), "https://own.example/films/a");
    assert.equal(await addressFrom("s3://music/a", ...places), "https://all.example/music/a");
  });

  it("carries a session's token, signed", async () => {
    const place = placeAt("https://own.example", { key: () => ({ ...key, sessionToken: "of a while" }) });
    const { headers } = await signedGet(new URL("s3://films/a"), { places: [place], headers: {} });
    assert.equal(headers["x-amz-security-token"], "of a while");
    assert.match(headers["authorization"] ?? "", /x-amz-security-token/);
  });
});

describe("the trial's own look at a signature", () => {
  // "Example: GET Object" of "Signature Calculations for the Authorization Header" in Amazon's API reference of S3.
  const published = {
    method: "GET",
    url: "/test.txt",
    headers: {
      host: "examplebucket.s3.amazonaws.com",
      range: "bytes=0-9",
      "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "x-amz-date": "20130524T000000Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," +
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date," +
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
  };
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

  it("finds the published one right, and any change of it wrong", () => {
    assert.ok(isSigned(published, secret));
    assert.ok(!isSigned(published, `${secret}X`));
    assert.ok(!isSigned({ ...published, url: "/test2.txt" }, secret));
    assert.ok(!isSigned({ ...published, headers: { ...published.headers, range: "bytes=0-10" } }, secret));
  });
});

function hexed(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}
