// Pure: text of unknown encoding, as it stands in old subtitles.

const utf8 = new TextDecoder("utf-8", { fatal: true });
const western = new TextDecoder("windows-1252");
const utf16 = { little: new TextDecoder("utf-16le"), big: new TextDecoder("utf-16be") };

/** UTF-8 if it can be that, UTF-16 if it looks like it, else Windows-1252, which any bytes can be. Without a mark. */
export function decodeText(bytes: Uint8Array): string {
  const wide = wideOrder(bytes);
  if (wide !== null) return utf16[wide].decode(bytes);
  try {
    return utf8.decode(bytes);
  } catch {
    return western.decode(bytes);
  }
}

// Most characters of most languages that are written with spaces have a zero byte in UTF-16, always on one side.
function wideOrder(bytes: Uint8Array): keyof typeof utf16 | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "little";
  if (first === 0xfe && second === 0xff) return "big";
  const zeros = [0, 0];
  for (const [index, byte] of bytes.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (Math.max(even, odd) * 4 <= bytes.length) return null;
  return odd > even ? "little" : "big";
}
