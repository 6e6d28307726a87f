// One row of the performance table: a figure, its rival in the same run, and the bar that it has to meet.

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string;
  readonly againstValue: number;
  readonly ratio: number;
  readonly bar: string;
  readonly ok: boolean;
}

export interface Measurement {
  readonly name: string;
  measure(): Promise<Row[]>;
}

/** A figure that may be at most `most` times its rival's, plus `extra` in its own unit. */
export function atMost(figure: {
  name: string;
  value: number;
  unit: string;
  against: string;
  againstValue: number;
  most: number;
  extra?: number;
}): Row {
  const { name, value, unit, against, againstValue, most, extra = 0 } = figure;
  const bar = `≤ ${most}${extra === 0 ? "" : ` × + ${extra} ${unit}`}`;
  return {
    name,
    value,
    unit,
    against,
    againstValue,
    ratio: value / againstValue,
    bar,
    ok: value <= most * againstValue + extra,
  };
}

/** A figure that must reach `least` times its rival's. */
export function atLeast(figure: {
  name: string;
  value: number;
  unit: string;
  against: string;
  againstValue: number;
  least: number;
}): Row {
  const { name, value, unit, against, againstValue, least } = figure;
  const ratio = value / againstValue;
  return { name, value, unit, against, againstValue, ratio, bar: `≥ ${least}`, ok: ratio >= least };
}

/** The value that a share of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
