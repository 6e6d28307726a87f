// Titles, names and messages come from outside: what would steer a terminal is shown, not obeyed.

/**
 * Text with control characters, terminal escapes and direction marks written out (`\x1b`, `\u{202e}`).
 * Line ends too: what is shown stays on its line.
 */
export function escapeText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, written);
}

function written(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
