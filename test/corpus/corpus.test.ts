// Every kind of source that operators throw at an ingest: it becomes a film that is right frame by frame, or it is
// refused with a reason. None hangs, none crashes.
import { rm } from "node:fs/promises";
import { Bed } from "./bed.ts";
import { proveFilm, proveRefusal } from "./prove.ts";
import { wholeCorpus } from "./whole-corpus.ts";

describe("sources by", function () {
  this.timeout(240_000);
  let bed: Bed;
  before(async () => {
    bed = await Bed.open();
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  for (const [topic, kinds] of wholeCorpus) {
    describe(topic, () => {
      for (const [index, { name, make, as, gives }] of kinds.entries()) {
        it(`${name}${gives.kind === "refusal" ? ` (${gives.code})` : ""}`, async () => {
          const path = bed.path(`${topic.replaceAll(" ", "-")}-${index}-${as}`);
          await make(path, bed);
          if (gives.kind === "refusal") await proveRefusal(path, gives);
          else await rm(await proveFilm(path, gives, bed));
          await rm(path);
        });
      }
    });
  }
});
