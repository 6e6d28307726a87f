import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { newAssetId, openTrialStore, trialStoreForEach } from "../store/trial-store.fixture.ts";
import { triesInVain } from "./fetch-source.ts";
import { bytesMade, fastClock, give, openTrialServer, runTrialFetch, sourceBytes } from "./trial-source.fixture.ts";

const film = sourceBytes(3_000_000);
const etag = '"v1"';

describe("fetching a source", function () {
  this.timeout(60_000);
  const trial = trialStoreForEach();
  const leftovers = (): string[] => readdirSync(join(trial.folder, "fetches"));

  it("stores it whole, says how far it is, and leaves nothing beside it", async () => {
    await using server = await openTrialServer((request, response) => {
      give(request, response, { bytes: film, etag });
    });
    const shares: number[] = [];
    const { pieces } = await runTrialFetch({
      ...{ store: trial.store, url: server.url("/films/a.mp4?sig=1") },
      onProgress: (share) => shares.push(share),
    });
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    assert.partialDeepStrictEqual(pieces[0], { id: "source", toolchain: "" });
    assert.deepEqual([shares.at(-1), shares.toSorted((one, other) => one - other)], [1, shares]);
    assert.deepEqual(leftovers(), []);
    assert.partialDeepStrictEqual(server.heard, [
      { url: "/films/a.mp4?sig=1", headers: { "accept-encoding": "identity", "user-agent": "trial" } },
    ]);
  });

  it("goes on where it broke off, and asks for nothing twice", async () => {
    let asked = 0;
    await using server = await openTrialServer((request, response) => {
      asked += 1;
      give(request, response, { bytes: film, etag, ...(asked < 3 ? { breakAfter: 1_000_000 } : {}) });
    });
    const { pieces, lines } = await runTrialFetch({ store: trial.store, url: server.url("/a") });
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    assert.deepEqual(server.ranges, ["", "bytes=1000000-", "bytes=2000000-"]);
    assert.deepEqual([server.heard[1]?.headers["if-range"], lines.length], [etag, 2]);
    assert.match(lines[0] ?? "", /broke.*goes on at byte 1000000 in 1 s/);
  });

  it("goes on in the next run of the task, by the date of the file where it has no tag", async () => {
    const lastModified = "Mon, 01 Jun 2026 00:00:00 GMT";
    let isHeld = true;
    await using server = await openTrialServer((request, response) => {
      if (!isHeld) {
        give(request, response, { bytes: film, lastModified });
        return;
      }
      response.writeHead(200, { "last-modified": lastModified, "content-length": film.length });
      response.write(film.subarray(0, 1_000_000));
    });
    const stop = new AbortController();
    const assetId = newAssetId();
    const first = runTrialFetch({
      ...{ store: trial.store, url: server.url("/a"), assetId, signal: stop.signal },
      onProgress: (share) => {
        if (share * film.length === 1_000_000) stop.abort(new Error("the lease is over"));
      },
    });
    await assert.rejects(first, /the lease is over/);
    assert.deepEqual(leftovers().sort(), [`${assetId}.json`, `${assetId}.part`]);
    isHeld = false;
    await trial.restart();
    const { pieces } = await runTrialFetch({ store: trial.store, url: server.url("/a"), assetId });
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    assert.deepEqual([server.ranges[1], server.heard[1]?.headers["if-range"]], ["bytes=1000000-", lastModified]);
  });

  it("goes on from where a part of the rest ended, also while nobody says how long all of it is", async () => {
    for (const total of [String(film.length), "*"]) {
      await using server = await openTrialServer((request, response) => {
        const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
        const end = Math.min(film.length, start + 200_000);
        if (start === film.length) response.writeHead(416, { "content-range": `bytes */${film.length}` }).end();
        else if (start === 0) {
          response.writeHead(200, { etag });
          response.write(film.subarray(0, 1_000_000), () => setTimeout(() => response.destroy(), 50));
        } else {
          const marks = { etag, "content-range": `bytes ${start}-${end - 1}/${total}`, "content-length": end - start };
          response.writeHead(206, marks).end(film.subarray(start, end));
        }
      });
      const { pieces, lines } = await runTrialFetch({ store: trial.store, url: server.url("/a") });
      assert.ok((await bytesMade(trial.store, pieces)).equals(film));
      assert.deepEqual([server.ranges.slice(0, 3), lines.length], [["", "bytes=1000000-", "bytes=1200000-"], 1]);
    }
  });

  it("begins anew at a server without ranges, and where a change could not be noticed", async () => {
    for (const offer of [{ bytes: film, etag, hasRanges: false }, { bytes: film }, { bytes: film, etag: 'W/"v1"' }]) {
      let asked = 0;
      await using server = await openTrialServer((request, response) => {
        asked += 1;
        give(request, response, { ...offer, ...(asked === 1 ? { breakAfter: 2_000_000 } : {}) });
      });
      const { pieces } = await runTrialFetch({ store: trial.store, url: server.url("/a") });
      assert.ok((await bytesMade(trial.store, pieces)).equals(film));
      assert.equal(server.heard.length, 2);
    }
  });

  it("begins anew when the source has changed, by its tag, its date or its length", async () => {
    const changes = [
      [{ etag: '"v1"' }, { etag: '"v2"' }],
      [{ lastModified: "Mon, 01 Jun 2026 00:00:00 GMT" }, { lastModified: "Tue, 02 Jun 2026 00:00:00 GMT" }],
    ];
    for (const [before, after] of changes) {
      const other = sourceBytes(2_500_000, "other");
      let asked = 0;
      await using server = await openTrialServer((request, response) => {
        asked += 1;
        if (asked === 1) give(request, response, { bytes: film, ...before, breakAfter: 1_000_000 });
        else give(request, response, { bytes: other, ...after });
      });
      const { pieces, lines } = await runTrialFetch({ store: trial.store, url: server.url("/a") });
      assert.ok((await bytesMade(trial.store, pieces)).equals(other));
      assert.match(lines.join("\n"), /another one than before/);
    }
    let asked = 0;
    const longer = sourceBytes(3_500_000, "longer");
    await using careless = await openTrialServer((request, response) => {
      asked += 1;
      // Gives a range of what is another file by now.
      give(request, response, {
        bytes: asked === 1 ? film : longer,
        etag,
        ...(asked === 1 ? { breakAfter: 9_000 } : {}),
      });
    });
    const { pieces } = await runTrialFetch({ store: trial.store, url: careless.url("/a") });
    assert.ok((await bytesMade(trial.store, pieces)).equals(longer));
  });

  it("gives up a source that changes again and again, and keeps nothing of it", async () => {
    let asked = 0;
    await using server = await openTrialServer((request, response) => {
      asked += 1;
      give(request, response, { bytes: film, etag: `"v${asked}"`, breakAfter: 100_000 });
    });
    await assert.rejects(runTrialFetch({ store: trial.store, url: server.url("/a") }), { code: "source_changed" });
    assert.deepEqual(leftovers(), []);
  });

  it("waits as long as the server wishes, else a little longer each time", async () => {
    const answers = [503, 429, 500, 502];
    await using server = await openTrialServer((request, response) => {
      const status = answers.shift();
      if (status === undefined) give(request, response, { bytes: film });
      else response.writeHead(status, status === 429 ? { "retry-after": "7" } : {}).end();
    });
    const clock = fastClock();
    const { pieces, lines } = await runTrialFetch({ store: trial.store, url: server.url("/a"), clock });
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
    // Beside them stand the limits for headers and pace.
    assert.deepEqual(
      clock.waits.filter((ms) => ms < 30_000),
      [1_000, 7_000, 4_000, 8_000],
    );
    assert.match(lines[0] ?? "", /answers 503/);
  });

  it("is given up after many tries that bring nothing, and keeps what it had for the next try of its task", async () => {
    let asked = 0;
    await using server = await openTrialServer((request, response) => {
      asked += 1;
      if (asked === 1) give(request, response, { bytes: film, etag, breakAfter: 1_000_000 });
      else response.writeHead(503).end();
    });
    const assetId = newAssetId();
    const url = server.url("/a?sig=secret");
    const fetching = runTrialFetch({ store: trial.store, url, assetId, clock: fastClock(200) });
    await assert.rejects(fetching, (thrown: Error & { code?: string }) => {
      assert.equal(thrown.code, "source_unavailable");
      return /films\.example:\d+\/a cannot be fetched: the server answers 503/.test(thrown.message);
    });
    assert.equal(asked, triesInVain + 1);
    assert.deepEqual(leftovers().length, 2);
  });

  it("is refused at once for what no try can mend, and says which", async () => {
    const codes = {
      404: "source_not_found",
      410: "source_not_found",
      403: "source_forbidden",
      401: "source_forbidden",
    };
    for (const [status, code] of Object.entries({ ...codes, 400: "source_unreadable", 204: "source_unreadable" })) {
      await using server = await openTrialServer((_request, response) => {
        response.writeHead(Number(status)).end();
      });
      const fetching = runTrialFetch({ store: trial.store, url: server.url("/secret?sig=1") });
      await assert.rejects(fetching, { code, message: new RegExp(`films\\.example:\\d+/secret .*${status}`) });
      assert.equal(server.heard.length, 1, status);
    }
    assert.deepEqual(leftovers(), []);
  });

  it("takes a source of unknown length", async () => {
    await using server = await openTrialServer((request, response) => {
      give(request, response, { bytes: film, isEndless: true });
    });
    const { pieces } = await runTrialFetch({ store: trial.store, url: server.url("/a") });
    assert.ok((await bytesMade(trial.store, pieces)).equals(film));
  });

  it("refuses one that is too large, at once where its length is told, else when it is", async () => {
    let sent = 0;
    await using server = await openTrialServer((request, response) => {
      const isEndless = request.url === "/endless";
      response.writeHead(200, isEndless ? {} : { "content-length": 2 ** 40 }).flushHeaders();
      const send = (): void => {
        if (response.destroyed) return;
        sent += 65_536;
        response.write(Buffer.alloc(65_536), () => setImmediate(send));
      };
      if (isEndless) send();
    });
    const limits = [
      { maxSourceBytes: 1_000_000 },
      { maxSourceBytes: 1_000_000, limitBytes: 2_000_000 },
      { limitBytes: 1_000_000 },
    ];
    for (const path of ["/told", "/endless"]) {
      for (const limit of limits) {
        const fetching = runTrialFetch({ store: trial.store, url: server.url(path), ...limit });
        await assert.rejects(fetching, { code: "source_too_large", message: /1000000/ });
      }
    }
    assert.ok(sent < 50_000_000, String(sent));
    assert.deepEqual(leftovers(), []);
  });

  it("reserves its space first: what does not fit is not begun, and no space stays taken", async () => {
    await trial.store[Symbol.asyncDispose]();
    const store = await openTrialStore(trial.folder, { capacityBytes: 2_000_000 });
    await using server = await openTrialServer((request, response) => {
      give(request, response, { bytes: film, ...(request.url === "/endless" ? { isEndless: true } : {}) });
    });
    for (const path of ["/told", "/endless"]) {
      await assert.rejects(runTrialFetch({ store, url: server.url(path) }), { code: "storage_full" });
      await using _all = store.reserve(2_000_000);
    }
    assert.deepEqual(leftovers(), []);
    await store[Symbol.asyncDispose]();
    await trial.restart();
  });

  it("gives up a server that drips, falls silent or never answers", async () => {
    await using server = await openTrialServer((request, response) => {
      if (request.url === "/silent") return;
      response.writeHead(200, { "content-length": film.length });
      const drip = setInterval(() => response.write("x"), 10);
      response.on("close", () => {
        clearInterval(drip);
      });
    });
    await using huge = await openTrialServer((_request, response) => {
      response.writeHead(200, { etag, "content-length": 1_000_000_000 });
      const drip = setInterval(() => response.write(Buffer.alloc(2_000)), 10);
      response.on("close", () => {
        clearInterval(drip);
      });
    });
    // Some 300 KB a minute of that clock: a small source would come.
    const store = await openTrialStore(join(trial.folder, "huge"), { capacityBytes: 2_000_000_000 });
    const coming = runTrialFetch({ store, url: huge.url("/a"), clock: fastClock(400) });
    await assert.rejects(coming, { code: "source_unavailable", message: /at least 694445/ });
    await store[Symbol.asyncDispose]();
    for (const [path, reason] of Object.entries({ "/silent": /answer within 30 s/, "/drip": /bytes in a minute/ })) {
      const url = server.url(path);
      const lines: string[] = [];
      const fetching = runTrialFetch({ store: trial.store, url, clock: fastClock(400) });
      await assert.rejects(fetching, { code: "source_unavailable", message: reason }, lines.join("\n"));
    }
  });

  it("wants the bytes themselves, and some", async () => {
    await using packed = await openTrialServer((_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(film);
    });
    await assert.rejects(runTrialFetch({ store: trial.store, url: packed.url("/a") }), { code: "source_unreadable" });
    await using empty = await openTrialServer((request, response) => {
      give(request, response, { bytes: Buffer.alloc(0) });
    });
    await assert.rejects(runTrialFetch({ store: trial.store, url: empty.url("/a") }), { code: "source_empty" });
  });

  it("reports what stands here already, and asks nobody", async () => {
    await using server = await openTrialServer((request, response) => {
      give(request, response, { bytes: film });
    });
    const assetId = newAssetId();
    const first = await runTrialFetch({ store: trial.store, url: server.url("/a"), assetId });
    const again = await runTrialFetch({ store: trial.store, url: server.url("/a"), assetId });
    assert.deepEqual([again.pieces, server.heard.length], [first.pieces, 1]);
  });
});
