import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { completionScript } from "./completion-script.ts";

const commands = [
  { words: ["nodes", "list"], summary: "The nodes", flags: ["--limit", "--json"] },
  { words: ["nodes", "show"], summary: "One node's fields", flags: ["--json"] },
  { words: ["ingest"], summary: "Upload", flags: ["--title"] },
];

function completeInBash(line: readonly string[]): string[] {
  const words = line.map((word) => `'${word}'`).join(" ");
  const script = `${completionScript("bash", commands)}
COMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; _vsctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
}

describe("completion", () => {
  it("offers commands, verbs and flags in bash", () => {
    assert.deepEqual(completeInBash(["vsctl", ""]), ["nodes", "ingest"]);
    assert.deepEqual(completeInBash(["vsctl", "nodes", "l"]), ["list"]);
    assert.deepEqual(completeInBash(["vsctl", "nodes", "list", "--l"]), ["--limit"]);
    assert.deepEqual(completeInBash(["vsctl", "ingest", "clip.mp4", "--"]), ["--title"]);
  });

  it("names every command for fish", () => {
    const script = completionScript("fish", commands);
    assert.ok(script.includes("-f -a list -d 'The nodes'"), script);
    assert.ok(script.includes(String.raw`-d 'One node\'s fields'`), script);
  });
});
