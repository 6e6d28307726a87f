// XML as lines of text, with everything escaped that comes from elsewhere.

type Attributes = Readonly<Record<string, string | number | null>>;

/** Attributes that are null are left out. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string[] {
  const start = `<${name}${attributesOf(attributes)}`;
  if (children.length === 0) return [`${start}/>`];
  return [`${start}>`, ...children.map((line) => `  ${line}`), `</${name}>`];
}

export function textElement(name: string, text: string, attributes: Attributes = {}): string[] {
  return [`<${name}${attributesOf(attributes)}>${escaped(text)}</${name}>`];
}

function attributesOf(attributes: Attributes): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");
}

// What XML 1.0 cannot hold in any form (2.2): most control characters, halves of pairs, two that are none.
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const entities: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

// Line ends by number: an attribute would lose them.
function escaped(text: string): string {
  return text
    .replaceAll(forbidden, " ")
    .replaceAll(/[&<>"'\t\n\r]/g, (one) => `&${entities[one] ?? `#${String(one.charCodeAt(0))}`};`);
}
