// What people see of an ingest while it lasts, on standard error: a bar for each source on a terminal, else a line
// for each step.
import { escapeText } from "../escape-text.ts";
import { shorten } from "../formats.ts";

export interface SourceProgress {
  /** @param share 0 to 1 of this step */
  step(name: string, share: number): void;
  say(text: string): void;
  end(outcome: string): void;
}

export interface IngestProgress {
  begin(source: string): SourceProgress;
  close(): void;
}

export async function openProgress(stream: NodeJS.WriteStream): Promise<IngestProgress> {
  return stream.isTTY ? await openBars(stream) : openLines(stream);
}

const nameWidth = 24;

async function openBars(stream: NodeJS.WriteStream): Promise<IngestProgress> {
  const { MultiBar, Presets } = await import("cli-progress");
  const bars = new MultiBar(
    {
      stream,
      format: "{name} {bar} {percentage} %  {step}",
      hideCursor: true,
      clearOnComplete: false,
      barsize: 24,
      autopadding: true,
    },
    Presets.shades_classic,
  );
  const begin = (source: string): SourceProgress => {
    const bar = bars.create(100, 0, { name: fitted(source), step: "" });
    return {
      step: (name, share) => {
        bar.update(Math.floor(share * 100), { step: escapeText(name) });
      },
      say: (text) => {
        bars.log(`${escapeText(text)}\n`);
      },
      end: (outcome) => {
        bar.update({ step: escapeText(outcome) });
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

function openLines(stream: NodeJS.WriteStream): IngestProgress {
  const begin = (source: string): SourceProgress => {
    let last = "";
    const say = (text: string): void => {
      stream.write(`${escapeText(`${source}: ${text}`)}\n`);
    };
    const step = (name: string): void => {
      if (name !== last) say(name);
      last = name;
    };
    return { step, say, end: step };
  };
  return { begin, close: () => undefined };
}

function fitted(source: string): string {
  return shorten(escapeText(source), nameWidth).padEnd(nameWidth);
}
