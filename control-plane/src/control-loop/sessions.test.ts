import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { NodeQueries } from "./node-queries.ts";
import { ManualClock } from "./manual-clock.fixture.ts";
import type { ControlMessage } from "./session.ts";
import { Sessions } from "./sessions.ts";

const a = "a" as NodeId;
const ack: ControlMessage = { kind: "heartbeat-ack", sequence: 1 };

function session(nodeId = a) {
  const sent: ControlMessage[] = [];
  const ends: string[] = [];
  return {
    nodeId,
    sent,
    ends,
    send: (message: ControlMessage) => void sent.push(message),
    end: (reason: VsError) => void ends.push(reason.code),
  };
}

describe("sessions", () => {
  it("are one a node: the newer ends the older", () => {
    const [sessions, older, newer] = [new Sessions(), session(), session()];
    sessions.announce(older);
    sessions.admit(older);
    sessions.announce(newer);
    assert.deepEqual(older.ends, ["conflict"]);
    assert.ok(!sessions.send(a, ack));
    sessions.admit(newer);
    assert.ok(sessions.send(a, ack));
    assert.deepEqual([older.sent, newer.sent], [[], [ack]]);
  });

  it("do not let an opening that was overtaken in", () => {
    const [sessions, older, newer] = [new Sessions(), session(), session()];
    sessions.announce(older);
    sessions.announce(newer);
    sessions.admit(newer);
    assert.throws(() => {
      sessions.admit(older);
    }, VsError);
    assert.ok(sessions.isOpen(newer));
  });

  it("are not closed by the late end of an older one", () => {
    const [sessions, older, newer] = [new Sessions(), session(), session()];
    for (const one of [older, newer]) {
      sessions.announce(one);
      sessions.admit(one);
    }
    assert.ok(!sessions.close(older));
    assert.ok(sessions.isOpen(newer));
    assert.ok(sessions.close(newer));
    assert.equal(sessions.nodeIds().size, 0);
  });
});

describe("questions to a node", () => {
  function ask() {
    const clock = new ManualClock();
    const queries = new NodeQueries(clock);
    const sent: ControlMessage[] = [];
    const answer = queries.ask(a, { kind: "node-log", lines: 10 }, (message) => void sent.push(message));
    const [query] = sent;
    assert.ok(query?.kind === "query");
    return { clock, queries, answer, id: query.id };
  }

  it("get the answer with their id", async () => {
    const { queries, answer, id } = ask();
    queries.reply(a, { id: "another", lines: ["wrong"], failure: null });
    queries.reply("b" as NodeId, { id, lines: ["wrong"], failure: null });
    queries.reply(a, { id, lines: ["right"], failure: null });
    assert.deepEqual(await answer, ["right"]);
  });

  it("fail as the node says", async () => {
    const { queries, answer, id } = ask();
    queries.reply(a, { id, lines: [], failure: { code: "task_not_found", message: "no", hint: "" } });
    await assert.rejects(answer, { code: "task_not_found" });
  });

  it("end after five seconds", async () => {
    const { clock, answer } = ask();
    clock.advance(5_000);
    await assert.rejects(answer, { code: "timed_out" });
  });

  it("end with the session", async () => {
    const { queries, answer } = ask();
    queries.abandon(a);
    await assert.rejects(answer, { code: "unavailable" });
  });
});
