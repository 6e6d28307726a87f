// What happened: as a list, and as it happens. A token is the number of the last event that was seen; numbers only
// grow, so that who comes back with it misses nothing.
import type {
  ListEventsRequest,
  ListEventsResponse,
  WatchEventsRequest,
  WatchEventsResponse,
} from "@vstream/proto/admin.ts";
import type { CallContext } from "../answered-call.ts";
import type { User } from "../caller.ts";
import * as check from "../wire/checks.ts";
import { eventToWire, listFromWire } from "../wire/records.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { watch } from "./watching.ts";

const pace = { notBeforeMs: 50, atLatestMs: 2_000 };
const eventsPerLook = 200;
/** A list that names neither a place nor an instant goes back so far. */
const usualSpanMs = 86_400_000;

/** Oldest first. */
export async function listEvents(deps: AdminDeps, request: ListEventsRequest): Promise<ListEventsResponse> {
  const { limit, cursor } = listFromWire(request.options);
  const afterId = eventIdFrom(cursor ?? "");
  const asked = instantFrom(request.since);
  const since = asked ?? (afterId === null ? deps.clock.now() - usualSpanMs : null);
  const events = await deps.catalog.queries.listEvents({ limit, afterId, since });
  const last = events.at(-1);
  const nextCursor = events.length < limit || last === undefined ? "" : String(last.id);
  return { items: events.map(eventToWire), nextCursor };
}

export async function* watchEvents(
  deps: AdminDeps,
  request: WatchEventsRequest,
  { signal }: CallContext<User>,
): AsyncGenerator<WatchEventsResponse> {
  let afterId = eventIdFrom(request.resumeToken);
  const since = instantFrom(request.since) ?? (afterId === null ? deps.clock.now() : null);
  using changes = watch(deps.loop, {
    ...pace,
    clock: deps.clock,
    signal,
    isOfInterest: ({ kind }) => kind === "catalog",
  });
  for (;;) {
    const events = await deps.catalog.queries.listEvents({ limit: eventsPerLook, afterId, since });
    for (const event of events) {
      yield { event: eventToWire(event), resumeToken: String(event.id) };
      afterId = event.id;
    }
    if (events.length < eventsPerLook) await changes.next();
  }
}

function eventIdFrom(text: string): number | null {
  if (text === "") return null;
  if (!/^\d{1,15}$/.test(text)) throw check.wrong("resume token", "is not one that came with an event");
  return Number(text);
}

function instantFrom(since: number): number | null {
  return since === 0 ? null : check.integer(since, "since", check.tickCount);
}
