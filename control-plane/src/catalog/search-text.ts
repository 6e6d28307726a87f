// What a search for assets looks through, in lower case.
import type { AssetRecord } from "./records.ts";

type Searched = Pick<AssetRecord, "id" | "title" | "sourceName" | "externalId" | "labels">;

/** Title, source name, id, external id, and each label as `name=value`; a line each. */
export function searchText({ id, title, sourceName, externalId, labels }: Searched): string {
  const lines = [
    title,
    sourceName,
    id,
    externalId ?? "",
    ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  ];
  return lines
    .filter((line) => line !== "")
    .join("\n")
    .toLowerCase();
}
