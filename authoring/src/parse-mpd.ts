// What an MPD (ISO 23009-1) names: enough XML for that, and for seeing that it is none.

export interface Mpd {
  readonly isStatic: boolean;
  /** Null: it does not say. */
  readonly durationSeconds: number | null;
  /** Absolute URLs of the init and media segments in lists. */
  readonly files: readonly string[];
  /** Periods' representations whose timeline has another count than their list. */
  readonly problems: readonly string[];
}

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** What it resolves URIs against; BaseURL changes it for what follows inside. */
  base: string;
  hasBase: boolean;
  segments: number;
  timed: number;
}

const passed = /<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[[^]*?\]\]>/;
const tag = /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/;
const token = new RegExp(`${passed.source}|${tag.source}|[^<]+|<`, "g");
const depthLimit = 50;

/** @param url where it came from */
export function parseMpd(text: string, url: string): Mpd {
  const files: string[] = [];
  const problems: string[] = [];
  const open: Element[] = [];
  let root: Element | null = null;
  for (const [whole, closes = "", name = "", list = "", isEmpty = ""] of text.matchAll(token)) {
    if (name === "") {
      if (whole === "<")
        return { isStatic: false, durationSeconds: null, files, problems: ["it is not well-formed XML"] };
      takeText(open, whole.trim());
      continue;
    }
    if (closes === "") {
      const element = openElement(name, list, open.at(-1)?.base ?? url);
      root ??= element;
      takeElement(open, element, files);
      if (open.length >= depthLimit)
        return { isStatic: false, durationSeconds: null, files, problems: ["it is too deep"] };
      if (isEmpty === "") open.push(element);
      continue;
    }
    const closed = open.pop();
    if (closed?.name !== name) problems.push(`</${name}> closes <${closed?.name ?? ""}>`);
    if (closed?.name === "SegmentList" && closed.timed > 0 && closed.timed !== closed.segments) {
      problems.push(`a SegmentList has ${closed.segments} segments and times for ${closed.timed}`);
    }
  }
  if (root?.name !== "MPD" || open.length > 0) problems.push("it is not well-formed XML of an MPD");
  return {
    isStatic: (root?.attributes.get("type") ?? "static") === "static",
    durationSeconds: secondsOf(root?.attributes.get("mediaPresentationDuration")),
    files,
    problems,
  };
}

function openElement(name: string, list: string, base: string): Element {
  const pairs = list.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  const attributes = new Map([...pairs].map(([, key = "", double, single]) => [key, decoded(double ?? single ?? "")]));
  return { name, attributes, base, hasBase: false, segments: 0, timed: 0 };
}

function takeElement(open: readonly Element[], { name, attributes, base }: Element, files: string[]): void {
  const list = open.findLast((element) => element.name === "SegmentList");
  if (name === "S" && list !== undefined) list.timed += 1 + Math.max(0, Number(attributes.get("r") ?? 0));
  if (name === "SegmentURL" && list !== undefined) list.segments += 1;
  const uri = attributes.get(name === "SegmentURL" ? "media" : name === "Initialization" ? "sourceURL" : "");
  const file = uri === undefined ? null : URL.parse(uri, base);
  if (file !== null) files.push(file.href);
}

// Of several base URLs the first one counts: they are ways to the same files.
function takeText(open: readonly Element[], text: string): void {
  const [element, parent] = [open.at(-1), open.at(-2)];
  if (element?.name !== "BaseURL" || parent === undefined || parent.hasBase || text === "") return;
  parent.base = URL.parse(decoded(text), parent.base)?.href ?? parent.base;
  parent.hasBase = true;
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? "");
}

// ISO 8601, of which an MPD needs the days and less.
function secondsOf(text: string | undefined): number | null {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text ?? "");
  if (found === null) return null;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = found;
  return Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
}
