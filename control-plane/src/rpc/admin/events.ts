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

/** Oldest first, from a place or an instant on; of all events, when neither is named, the newest. */
export async function listEvents(deps: AdminDeps, request: ListEventsRequest): Promise<ListEventsResponse> {
  const { limit, cursor } = listFromWire(request.options);
  const afterId = eventIdFrom(cursor ?? "");
  const since = instantFrom(request.since);
  const newest = afterId === null && since === null;
  const events = await deps.catalog.queries.listEvents({ limit, afterId, since, newest });
  const last = events.at(-1);
  const nextCursor = newest || events.length < limit || last === undefined ? "" : String(last.id);
  return { items: events.map(eventToWire), nextCursor };
}

export async function* watchEvents(
  deps: AdminDeps,
  request: WatchEventsRequest,
  { signal }: CallContext<User>,
): AsyncGenerator<WatchEventsResponse> {
  const since = instantFrom(request.since);
  using changes = watch(deps.loop, {
    ...pace,
    clock: deps.clock,
    signal,
    isOfInterest: ({ kind }) => kind === "catalog",
  });
  let afterId = eventIdFrom(request.resumeToken) ?? (since === null ? await newestId(deps) : null);
  for (;;) {
    const events = await deps.catalog.queries.listEvents({ limit: eventsPerLook, afterId, since });
    for (const event of events) {
      yield { event: eventToWire(event), resumeToken: String(event.id) };
      afterId = event.id;
    }
    if (events.length < eventsPerLook) await changes.next();
  }
}

async function newestId(deps: AdminDeps): Promise<number> {
  const [event] = await deps.catalog.queries.listEvents({ limit: 1, afterId: null, since: null, newest: true });
  return event?.id ?? 0;
}

function eventIdFrom(text: string): number | null {
  if (text === "") return null;
  if (!/^\d{1,15}$/.test(text)) throw check.wrong("resume token", "is not one that came with an event");
  return Number(text);
}

function instantFrom(since: number): number | null {
  return since === 0 ? null : check.integer(since, "since", check.tickCount);
}
