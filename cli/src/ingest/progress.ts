// What people see of an ingest while it lasts, on standard error. On a terminal: a bar for each source that is at work,
// and above the bars a line for each that has ended. Else: a line for each step, and one now and then while it lasts.
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { escapeText } from "../escape-text.ts";
import { formatShare, shorten } from "../formats.ts";

export interface SourceProgress {
  /**
   * @param share 0 to 1, of this step; null: not known
   * @param detail what is said after the share
   */
  step(name: string, share: number | null, detail?: string): void;
  say(text: string): void;
  end(outcome: string): void;
}

export interface IngestProgress {
  begin(source: string): SourceProgress;
  close(): void;
}

export async function openProgress(stream: NodeJS.WriteStream, clock: Clock = systemClock): Promise<IngestProgress> {
  return stream.isTTY ? await openBars(stream) : openLines(stream, clock);
}

const nameWidth = 22;
/** Where a bar stood, the rest of its line goes. */
const clearRest = "\u001b[K";
/** How often a line tells of a step that goes on. */
const lineEveryMs = 30_000;

async function openBars(stream: NodeJS.WriteStream): Promise<IngestProgress> {
  const { MultiBar, Presets } = await import("cli-progress");
  const format = "{name} {bar} {share}  {step}";
  const options = {
    ...{ stream, format, barsize: 16, hideCursor: true, emptyOnZero: true },
    // What is logged moves the bars: unchanged ones must be drawn again too.
    forceRedraw: true,
    // Ctrl-C ends the sources, and then the bars.
    gracefulExit: false,
  };
  const bars = new MultiBar(options, Presets.shades_classic);
  const log = (text: string): void => {
    bars.log(`${text}${clearRest}\n`);
  };
  const begin = (source: string): SourceProgress => {
    const name = fitted(source);
    const bar = bars.create(100, 0, { name, share: "", step: "" });
    return {
      step: (step, share, detail = "") => {
        const shown = share === null ? "" : formatShare(share).padStart(5);
        bar.update(Math.floor((share ?? 0) * 100), { share: shown, step: escapeText(`${step}${detail}`) });
      },
      say: (text) => {
        log(escapeText(`${source}: ${text}`));
      },
      end: (outcome) => {
        log(`${name} ${escapeText(outcome)}`);
        bars.remove(bar);
      },
    };
  };
  return {
    begin,
    close: () => {
      bars.stop();
    },
  };
}

function openLines(stream: NodeJS.WriteStream, clock: Clock): IngestProgress {
  const begin = (source: string): SourceProgress => {
    let last = { name: "", atMs: 0 };
    const say = (text: string): void => {
      stream.write(`${escapeText(`${source}: ${text}`)}\n`);
    };
    const step = (name: string, share: number | null, detail = ""): void => {
      const atMs = clock.monotonicMs();
      if (name === last.name && atMs - last.atMs < lineEveryMs) return;
      say(`${name}${share === null ? "" : ` ${formatShare(share)}`}${detail}`);
      last = { name, atMs };
    };
    return { step, say, end: say };
  };
  return { begin, close: () => undefined };
}

function fitted(source: string): string {
  return shorten(escapeText(source), nameWidth).padEnd(nameWidth);
}
