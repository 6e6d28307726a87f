// What became of the sources of one `vsctl ingest`, in a sentence.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetPlayback } from "../shapes.ts";

/** `source`: as it was typed; `name`: for people. */
export type Outcome = { readonly source: string; readonly name: string } & (
  { readonly done: AssetPlayback } | { readonly error: VsError }
);

/** How many failed sources are named. */
const mostNamed = 10;

/** `6 sources: 4 ready, 1 there already, 1 failed (broken.mp4)` */
export function summaryOf(outcomes: readonly Outcome[]): string {
  const done = outcomes.flatMap((outcome) => ("done" in outcome ? [outcome.done.asset] : []));
  const failed = outcomes.flatMap((outcome) => ("error" in outcome ? [outcome.name] : []));
  const counts = [
    ...countStates(done.filter((asset) => !asset.duplicate).map(({ state }) => state)),
    [done.filter((asset) => asset.duplicate).length, "there already"] as const,
    [failed.length, `failed (${namesOf(failed)})`] as const,
  ];
  const told = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${outcomes.length} sources: ${told.join(", ")}`;
}

/** Instead of a summary, after Ctrl-C. */
export function interruptedWith(outcomes: readonly Outcome[]): VsError {
  const done = outcomes.filter((outcome) => "done" in outcome).length;
  // Those that were never begun say nothing of their own.
  const messages = outcomes.flatMap((outcome) => ("error" in outcome ? [outcome.error.message] : []));
  const told = [...new Set(messages)].filter((message) => message !== "interrupted");
  return new VsError(
    "interrupted",
    [`interrupted; ${done} of ${outcomes.length} sources were done`, ...told].join("\n"),
    {
      hint: "Run the same command again: what is uploaded is not uploaded twice",
    },
  );
}

function countStates(states: readonly string[]): (readonly [count: number, what: string])[] {
  return [...new Set(states)].map((state) => [states.filter((one) => one === state).length, state] as const);
}

function namesOf(sources: readonly string[]): string {
  const more = sources.length - mostNamed;
  return [...sources.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}
