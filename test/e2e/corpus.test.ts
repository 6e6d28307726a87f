// A sample of the corpus through a real cluster, many at once by one command: each is a stream that breaks no rule, or is
// refused with its reason; and none leaves an encoder or a file behind.
import assert from "node:assert/strict";
import { Cluster, eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { encodersOf, strayFiles } from "../cluster/leftovers.ts";
import { Bed } from "../corpus/bed.ts";
import type { SourceKind } from "../corpus/kinds.ts";
import { wholeCorpus } from "../corpus/whole-corpus.ts";

/** One of so many. The others are encoded without a cluster: test/corpus/corpus.test.ts. */
const oneOf = 6;

interface Failed {
  readonly source: string;
  readonly error: { readonly code: string; readonly message: string };
}
interface CheckJson {
  readonly findings: readonly { readonly rule: string; readonly level: string; readonly message: string }[];
}
interface Sample {
  readonly kind: SourceKind;
  readonly path: string;
}

describe("a sample of the corpus, in a cluster", function () {
  this.timeout(300_000);
  let bed: Bed;
  let cluster: Cluster;
  before(async () => {
    bed = await Bed.open();
    cluster = await Cluster.start({ nodes: 2, regions: "eu,us" });
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });

  const makeSamples = async (): Promise<Sample[]> => {
    const kinds = wholeCorpus.flatMap(([, ofTopic]) => ofTopic.filter((_, index) => index % oneOf === 0));
    const samples: Sample[] = [];
    for (const [index, kind] of kinds.entries()) {
      const path = bed.path(`sample-${index}-${kind.as}`);
      await kind.make(path, bed);
      samples.push({ kind, path });
    }
    return samples;
  };
  const isDamaged = ({ kind }: Sample): boolean => kind.gives.kind === "film" && kind.gives.damaged === true;
  const ingest = async (samples: readonly Sample[], ...flags: string[]): Promise<(IngestJson | Failed)[]> => {
    const paths = samples.map(({ path }) => path);
    const { stdout } = await cluster.vsctl("ingest", ...paths, "--no-beside", ...flags, "--json");
    return JSON.parse(stdout) as (IngestJson | Failed)[];
  };

  it("gives streams by every rule, and refusals with their reasons, and leaves nothing", async () => {
    const samples = await makeSamples();
    assert.ok(samples.length >= 25, `${samples.length} samples`);
    const whole = samples.filter((sample) => !isDamaged(sample));
    const outcomes = await ingest(whole);
    const damaged = samples.filter(isDamaged);
    if (damaged.length > 1) outcomes.push(...(await ingest(damaged, "--allow-damaged")));
    for (const [index, { kind }] of [...whole, ...(damaged.length > 1 ? damaged : [])].entries()) {
      const outcome = outcomes[index] ?? assert.fail(kind.name);
      if (kind.gives.kind === "refusal") {
        assert.equal("error" in outcome ? outcome.error.code : "taken", kind.gives.code, kind.name);
        continue;
      }
      assert.ok("asset" in outcome, `${kind.name}: ${JSON.stringify(outcome)}`);
      assert.equal(outcome.asset.state, "ready", kind.name);
      const check = await cluster.vsctl("assets", "check", outcome.asset.id, "--json");
      const broken = (JSON.parse(check.stdout) as CheckJson).findings.filter(({ level }) => level === "must");
      assert.deepEqual([check.code, broken], [0, []], kind.name);
    }
    await eventually("scratch folders to be empty", async () =>
      (await strayFiles(cluster)).length === 0 ? true : undefined,
    );
    assert.deepEqual(await encodersOf(cluster), []);
  });
});
