// Which node the player asks: the part of the player that needs no browser.
import assert from "node:assert/strict";
import { Homes } from "../../player/src/homes.ts";
import type { Home } from "../../player/src/page-config.ts";

const [first, second, third] = ["a", "b", "c"].map((name): Home => {
  return { nodeId: `no-${name}`, name, region: "eu", url: `http://${name}.example` };
}) as [Home, Home, Home];
const origin = "http://localhost:8080";
const self = { ...first, url: origin };

function openHomes(): { homes: Homes; changes: number } {
  const asset = { assetId: "as1", title: "T", poster: null, chapters: [], edition: 0 };
  const config = { ...asset, servedBy: first.nodeId, homes: [first, second, third] };
  const page = { origin, onChange: () => (opened.changes += 1), onEdition: () => undefined };
  const opened = { homes: new Homes(config, page), changes: 0 };
  return opened;
}

describe("the homes of a player", () => {
  it("begin with the node that gave the page, by the page's own address", () => {
    assert.deepEqual(openHomes().homes.inOrder(), [self, second, third]);
  });

  it("turn to the next when the current one fails, and stay there", () => {
    const opened = openHomes();
    opened.homes.failed(self);
    assert.deepEqual(opened.homes.current, second);
    opened.homes.succeeded(second);
    assert.deepEqual(opened.homes.inOrder(), [second, third, self]);
    assert.equal(opened.changes, 1);
  });

  it("do not turn away because another one failed", () => {
    const { homes } = openHomes();
    homes.failed(second);
    assert.deepEqual(homes.inOrder(), [self, third, second]);
  });

  it("leave a node that is no home any more, and learn new ones", () => {
    const { homes } = openHomes();
    homes.learn([third, first]);
    assert.deepEqual(homes.inOrder(), [third, self]);
    homes.learn([second, first, third]);
    assert.deepEqual(homes.inOrder(), [second, self, third]);
  });

  it("keep the node that gave the page, last when it is not named: it may be the only one within reach", () => {
    const { homes } = openHomes();
    homes.learn([second, third]);
    assert.deepEqual(homes.inOrder(), [second, third, self]);
    homes.failed(second);
    homes.failed(third);
    assert.deepEqual(homes.current, self);
    homes.learn([second, third]);
    assert.deepEqual(homes.current, self);
  });

  it("go where they are told to be, though the current node is still named", () => {
    const opened = openHomes();
    opened.homes.learn([third, first, second]);
    assert.deepEqual(opened.homes.inOrder(), [third, self, second]);
    assert.equal(opened.changes, 1);
  });

  it("do not go back to a node that failed of late because another one thinks that it is well", () => {
    const { homes } = openHomes();
    homes.failed(self);
    homes.learn([first, second, third]);
    assert.deepEqual(homes.current, second);
  });

  it("are not forgotten because a node knows of none", () => {
    const { homes } = openHomes();
    homes.learn([]);
    assert.deepEqual(homes.current, self);
  });

  it("give a path of the page on each node, and leave other paths alone", () => {
    const { homes } = openHomes();
    assert.equal(homes.urlOn(second, `${origin}/v/as1/index.m3u8?x=1`), "http://b.example/v/as1/index.m3u8?x=1");
    assert.equal(
      homes.urlOn({ ...second, url: "http://b.example/p" }, "/v/as1/a.m4s"),
      "http://b.example/p/v/as1/a.m4s",
    );
    assert.equal(homes.urlOn(second, "https://elsewhere.example/x"), "https://elsewhere.example/x");
  });
});
