// The Range header of a request to the peer listener (RFC 9110 14.1): one range of bytes, or none. Pure.

/**
 * Bytes [start, end) that are asked for; null means the whole, for a header that is absent, malformed or names
 * several ranges, as the RFC allows.
 */
export function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { start: number; end: number } | "unsatisfiable" | null {
  const [whole, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (whole === undefined || (first === "" && last === "")) return null;
  if (first === "") {
    const bytes = Math.min(Number(last), sizeBytes);
    return bytes === 0 ? "unsatisfiable" : { start: sizeBytes - bytes, end: sizeBytes };
  }
  const start = Number(first);
  const end = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== "" && Number(last) < start) return null;
  return start < sizeBytes ? { start, end } : "unsatisfiable";
}
