// Tags with attributes, as HLS playlists write them (RFC 8216bis 4.2).

/** Attributes in the order given; those that are null are left out. */
export function tag(name: string, attributes: readonly (readonly [name: string, value: string | null])[]): string {
  const present = attributes.filter(([, value]) => value !== null);
  return `#${name}:${present.map(([attribute, value]) => `${attribute}=${value ?? ""}`).join(",")}`;
}

/** A quoted string has no escape for what it may not contain: quotes and line ends. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', "'").replaceAll(/\p{Cc}/gu, " ")}"`;
}

export function yesNo(holds: boolean): string {
  return holds ? "YES" : "NO";
}
