import assert from "node:assert/strict";
import { TrialAuthority } from "../identity/authority.fixture.ts";
import { trialStoreForEach } from "../store/trial-store.fixture.ts";
import type { Resolve } from "./find-host.ts";
import { bytesMade, give, openTrialServer, runTrialFetch, sourceBytes } from "./trial-source.fixture.ts";
import type { TrialServer } from "./trial-source.fixture.ts";

const film = sourceBytes(200_000);
const loopback = { address: "127.0.0.1", family: 4 } as const;

/** Gives the film at /film, and at any other path leads to where its query says. */
async function openRedirecting(): Promise<TrialServer> {
  return await openTrialServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://here");
    if (pathname === "/film") give(request, response, { bytes: film });
    else response.writeHead(302, { location: searchParams.get("to") ?? "" }).end();
  });
}

describe("asking for a source", function () {
  this.timeout(30_000);
  const trial = trialStoreForEach();

  it("follows five redirects, and not a sixth", async () => {
    await using server = await openRedirecting();
    const through = (hops: number): string => {
      let path = "/film";
      for (let hop = 0; hop < hops; hop += 1) path = `/hop?to=${encodeURIComponent(path)}`;
      return server.url(path);
    };
    const { pieces } = await runTrialFetch({ store: trial.store, url: through(5) });
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    const fetching = runTrialFetch({ store: trial.store, url: through(6) });
    await assert.rejects(fetching, { code: "source_unreadable", message: /redirects more than 5/ });
  });

  it("checks where a redirect leads as if that had been the URL", async () => {
    await using server = await openRedirecting();
    const resolve: Resolve = (host) =>
      Promise.resolve([host === "inside.example" ? { address: "10.0.0.7", family: 4 } : loopback]);
    const places: Readonly<Record<string, RegExp>> = {
      "http://10.0.0.7/": /10\.0\.0\.7 \(private\)/,
      "http://inside.example/": /inside\.example leads to 10\.0\.0\.7/,
      "http://169.254.169.254/latest/meta-data/": /169\.254\.169\.254/,
      "http://[::ffff:a00:7]/": /::ffff:a00:7/,
      "file:///etc/passwd": /redirects to what is none of http:, https:/,
      "s3://films/a.mp4": /none of http:, https:/,
      "http://me:secret@films.example/": /user name or password/,
    };
    for (const [place, message] of Object.entries(places)) {
      const url = server.url(`/hop?to=${encodeURIComponent(place)}`);
      const fetching = runTrialFetch({ store: trial.store, url, access: { resolve } });
      await assert.rejects(fetching, { code: "source_forbidden", message }, place);
    }
  });

  it("connects to the address that was checked, whatever is answered a moment later", async () => {
    await using server = await openRedirecting();
    let asked = 0;
    const resolve: Resolve = () => {
      asked += 1;
      // The second answer would be refused, and leads nowhere.
      return Promise.resolve([asked === 1 ? loopback : { address: "10.0.0.7", family: 4 }]);
    };
    const { pieces } = await runTrialFetch({ store: trial.store, url: server.url("/film"), access: { resolve } });
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    assert.equal(asked, 1);
  });

  it("refuses a place that is not allowed before anybody is connected to", async () => {
    await using server = await openRedirecting();
    const { AddressRules } = await import("./address-rules.ts");
    const access = { rules: new AddressRules([]) };
    for (const host of ["127.0.0.1", "localhost", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"]) {
      const url = `http://${host}:${server.port}/film`;
      const fetching = runTrialFetch({ store: trial.store, url, access });
      await assert.rejects(fetching, { code: "source_forbidden", message: /loopback|mapped/ }, host);
    }
    assert.equal(server.heard.length, 0);
  });

  it("holds a server of https to its name and to an authority that is trusted", async () => {
    const authority = await TrialAuthority.make();
    const { certificatePem: cert, keyPem: key } = await authority.serverPair();
    await using server = await openTrialServer(
      (request, response) => {
        give(request, response, { bytes: film });
      },
      { cert, key },
    );
    const fetchOf = (host: string, authorities: readonly string[] | null) =>
      runTrialFetch({ store: trial.store, url: `https://${host}:${server.port}/a`, access: { authorities } });
    const { pieces } = await fetchOf("localhost", [authority.pem]);
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    await assert.rejects(fetchOf("localhost", null), {
      code: "source_unreadable",
      message: /certificate of localhost/,
    });
    await assert.rejects(fetchOf("films.example", [authority.pem]), {
      ...{ code: "source_unreadable", message: /certificate of films\.example/ },
    });
    assert.equal(server.heard.length, 1);
  });
});
