import assert from "node:assert/strict";
import type { NodeRecord } from "../catalog/records.ts";
import { buildNode, nodeId } from "../planning/snapshot.fixture.ts";
import { DirectoryNews } from "./directory-news.ts";
import type { DirectoryMessage } from "./directory-news.ts";
import { ManualClock } from "./manual-clock.fixture.ts";
import type { ControlMessage } from "./session.ts";
import { Sessions } from "./sessions.ts";

function open(...connected: string[]) {
  const clock = new ManualClock();
  const sessions = new Sessions();
  const sent: { to: string; message: ControlMessage }[] = [];
  for (const name of connected) {
    const send = (message: ControlMessage): void => void sent.push({ to: name, message });
    const session = { nodeId: nodeId(name), send, end: () => undefined };
    sessions.announce(session);
    sessions.admit(session);
  }
  return { clock, sent, news: new DirectoryNews(sessions, clock) };
}

function newest(sent: readonly { message: ControlMessage }[]): DirectoryMessage["nodes"] {
  const last = sent.at(-1)?.message;
  assert.ok(last?.kind === "directory");
  return last.nodes;
}

describe("news of the directory", () => {
  it("go to all that are connected, as one message, when something about a node changes", () => {
    const { clock, sent, news } = open("a", "b");
    const changes: Partial<NodeRecord>[] = [
      {},
      { health: "suspect" },
      { zone: "rack-2" },
      { scheduling: "draining" },
      { peerUrl: "https://elsewhere:1" },
    ];
    for (const change of changes) {
      clock.advance(1_000);
      sent.length = 0;
      const nodes = [buildNode("a"), buildNode("b", change)];
      news.see(nodes);
      assert.deepEqual(
        sent.map(({ to }) => to),
        ["a", "b"],
      );
      assert.equal(sent[0]?.message, sent[1]?.message);
      news.see(nodes);
      assert.equal(sent.length, 2);
    }
    assert.equal(newest(sent)[1]?.peerUrl, "https://elsewhere:1");
  });

  it("are not repeated for what agents cannot see", () => {
    const { clock, sent, news } = open("a");
    news.see([buildNode("a")]);
    clock.advance(5_000);
    news.see([buildNode("a", { usedBytes: 5, lastSeenAt: 7 })]);
    assert.equal(sent.length, 1);
  });

  it("go once a second at most, and then with all that changed", () => {
    const { clock, sent, news } = open("a");
    news.see([buildNode("a")]);
    clock.advance(300);
    news.see([buildNode("a"), buildNode("b")]);
    assert.equal(sent.length, 1);
    assert.equal(news.dueInMs(), 700);
    clock.advance(700);
    news.see([buildNode("a", { health: "suspect" }), buildNode("b")]);
    assert.deepEqual(
      newest(sent).map(({ health, serving }) => [health, serving]),
      [
        ["suspect", false],
        ["up", true],
      ],
    );
    assert.deepEqual([sent.length, news.dueInMs()], [2, null]);
  });

  it("wait for nothing when a change is taken back", () => {
    const { clock, sent, news } = open("a");
    news.see([buildNode("a")]);
    clock.advance(300);
    news.see([buildNode("a", { health: "suspect" })]);
    news.see([buildNode("a")]);
    assert.deepEqual([sent.length, news.dueInMs()], [1, null]);
  });

  it("reach a node again whose own list may have been read before", () => {
    const { sent, news } = open("a", "b");
    news.see([buildNode("a"), buildNode("b")]);
    news.repeatFor(nodeId("b"));
    news.see([buildNode("a"), buildNode("b")]);
    assert.deepEqual(
      sent.map(({ to }) => to),
      ["a", "b", "b"],
    );
    assert.equal(news.newestFor(nodeId("b")), sent[2]?.message);
    assert.equal(news.newestFor(nodeId("c")), null);
  });
});
