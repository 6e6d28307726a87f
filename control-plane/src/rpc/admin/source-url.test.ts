import assert from "node:assert/strict";
import { sourceNameOf, sourceUrlFrom } from "./source-url.ts";

const refused = (url: string, reason: RegExp): void => {
  assert.throws(() => sourceUrlFrom(url), { name: "VsError", code: "invalid_argument", message: reason });
};

describe("the URL of a source", () => {
  it("is kept in one form, without its fragment", () => {
    assert.equal(sourceUrlFrom("HTTPS://Example.org:443/a b.mp4?v=1#t=5"), "https://example.org/a%20b.mp4?v=1");
    assert.equal(sourceUrlFrom("s3://films/2024/a b.mov"), "s3://films/2024/a%20b.mov");
  });

  it("holds no password, and a refusal does not repeat one", () => {
    refused("https://me:secret@example.org/a.mp4", /user name or password/);
    refused("s3://key:secret@films/a.mp4", /user name or password/);
    assert.throws(
      () => sourceUrlFrom("https://me:secret@example.org/a.mp4"),
      (thrown: Error) => !thrown.message.includes("secret"),
    );
  });

  it("is of a scheme that nodes fetch", () => {
    for (const url of ["ftp://example.org/a", "file:///etc/passwd", "gopher://x/", "data:text/plain,x"]) {
      refused(url, /none of http/);
    }
    for (const url of ["", "a.mp4", "http://"]) refused(url, /no URL/);
  });

  it("is not endless, before and after it is brought into form", () => {
    refused(`https://example.org/${"a".repeat(4_096)}`, /longer/);
    refused(`https://example.org/${" a".repeat(2_000)}`, /longer/);
  });

  it("names a bucket and an object", () => {
    refused("s3://films", /names no object/);
    refused("s3://films/folder/", /names no object/);
    refused("s3://Films_/a.mp4", /bucket/);
    refused("s3://films:9000/a.mp4", /bucket/);
    refused("s3://films/a.mp4?versionId=3", /%3F/);
    refused("s3://films/take #2.mp4", /%23/);
    refused("s3://films/100%.mp4", /%25/);
  });

  it("gives the source its name", () => {
    assert.equal(sourceNameOf("https://example.org/films/a%20b.mp4?v=1"), "a b.mp4");
    assert.equal(sourceNameOf("https://example.org/films/"), "films");
    assert.equal(sourceNameOf("https://example.org/"), "example.org");
    assert.equal(sourceNameOf("https://example.org/%E0%A4%A"), "%E0%A4%A");
    assert.equal(sourceNameOf("https://example.org/a%2Fb%0A.mp4"), "a_b_.mp4");
    assert.equal(sourceNameOf("s3://films/2024/a.mov"), "a.mov");
  });
});
