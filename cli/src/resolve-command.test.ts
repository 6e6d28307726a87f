import assert from "node:assert/strict";
import { resolveCommand } from "./resolve-command.ts";

describe("the command of a command line", () => {
  const found = (...argv: string[]) => {
    const resolved = resolveCommand(argv);
    return resolved.kind === "command" ? [resolved.entry.id, ...resolved.rest] : [resolved.kind, resolved.topic];
  };

  it("is named by its words, before its arguments and flags", () => {
    assert.deepEqual(found("nodes", "show", "eu-1", "--json"), ["nodes:show", "eu-1", "--json"]);
    assert.deepEqual(found("ingest", "a.mp4", "nodes"), ["ingest", "a.mp4", "nodes"]);
    assert.deepEqual(found("nodes", "show", "--", "--odd"), ["nodes:show", "--", "--odd"]);
  });

  it("may follow global flags", () => {
    const argv = ["--config", "f.json", "--json", "nodes", "list", "--limit", "3"];
    assert.deepEqual(found(...argv), ["nodes:list", "--limit", "3", "--config", "f.json", "--json"]);
  });

  it("is a topic without its verb", () => {
    assert.deepEqual(found("nodes"), ["topic", "nodes"]);
    assert.deepEqual(found("--json"), ["topic", ""]);
    assert.deepEqual(found(), ["topic", ""]);
  });

  it("is usage when there is none, with the one that was meant", () => {
    assert.throws(() => resolveCommand(["nodes", "lits"]), { code: "usage", hint: "Did you mean: vsctl nodes list" });
    assert.throws(() => resolveCommand(["assests"]), { code: "usage", hint: "Did you mean: vsctl assets" });
    assert.throws(() => resolveCommand(["frobnicate"]), { code: "usage", hint: "See all of them with: vsctl --help" });
  });
});
