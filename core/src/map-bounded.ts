// Many things at once, but not all.

/** What `act` gives for each item, in their order; at most `limit` run at a time. `act` must not throw. */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return results;
}
