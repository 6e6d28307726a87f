// How many reads a node can cause by saying that bytes were wrong.
import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import { newId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { refOf } from "../store/trial-store.fixture.ts";
import { DamageNotices } from "./damage-notices.ts";

const mebibyte = 1024 * 1024;

describe("notices of damage", () => {
  let nowMs: number;
  let notices: DamageNotices;
  beforeEach(() => {
    nowMs = 1000;
    notices = new DamageNotices({ ...systemClock, monotonicMs: () => nowMs });
  });
  const [one, two] = [newId("node", 1), newId("node", 1)];
  const objectOf = (name: string, bytes: number): ObjectRef => ({ ...refOf(Buffer.from(name)), bytes });

  it("make the same object be read once a minute, whoever tells", () => {
    const object = objectOf("a", mebibyte);
    assert.equal(notices.take(one, object), "to_read");
    assert.equal(notices.take(two, object), "just_read");
    nowMs += 60_000;
    assert.equal(notices.take(two, object), "to_read");
  });

  it("cost the node that tells its allowance, and others nothing", () => {
    const taken = Array.from({ length: 300 }, (_, index) => notices.take(one, objectOf(String(index), mebibyte)));
    assert.equal(taken.filter((each) => each === "to_read").length, 256);
    assert.equal(taken.at(-1), "too_many");
    assert.equal(notices.take(two, objectOf("b", mebibyte)), "to_read");
    nowMs += 1000;
    const later = Array.from({ length: 10 }, (_, index) => notices.take(one, objectOf(`c${index}`, mebibyte)));
    assert.equal(later.filter((each) => each === "to_read").length, 4);
  });

  it("may be of one object larger than the allowance, and of nothing more for long", () => {
    assert.equal(notices.take(one, objectOf("film", 1024 * mebibyte)), "to_read");
    nowMs += 60_000;
    assert.equal(notices.take(one, objectOf("b", 1)), "too_many");
    nowMs += 140_000;
    assert.equal(notices.take(one, objectOf("b", 1)), "to_read");
  });
});
