// The ladders that there are, and their settings. Three are always there; an operator adds others, or changes these.

/** x264's and x265's, from the quickest to the one that saves the most bits. */
export const presets = ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"] as const;

export interface LadderForm {
  readonly preset: (typeof presets)[number];
  /** Short sides of frames, in lines: even, rising. The last one is the most that any source gets. */
  readonly lines: readonly number[];
  /** x264's constant quality: less is better and larger. */
  readonly crf: number;
  /** What difficult pictures may take: times Apple's figure for a frame's area. */
  readonly rate: number;
  /** Rungs beside those in H.264, which stay: Apple's rules ask for them. */
  readonly hevc?: HevcForm;
}

export interface HevcForm {
  readonly preset: (typeof presets)[number];
  /** As above; sources that are smaller than the first get none. */
  readonly lines: readonly number[];
  /** x265's constant quality. */
  readonly crf: number;
  /** Sources of high dynamic range get rungs of it, too. */
  readonly hdr: boolean;
}

/** By name. */
export type Ladders = ReadonlyMap<string, LadderForm>;

/**
 * Apple's frame sizes (rule 1.25) that a 16:9 source of any usual size meets, without those nearer than a third; x264's
 * usual visual quality. `fast` costs about twice the processor time of `veryfast` and saves about a tenth of the bits.
 */
export const usualForm: LadderForm = { preset: "fast", lines: [234, 360, 540, 720, 1080], crf: 23, rate: 1 };

/**
 * x265's `fast` at CRF 24 takes two thirds of the bits of the H.264 above for pictures that look as good. Below 540
 * lines that saves few bits, and there is a rung for every player.
 */
export const usualHevc: HevcForm = { preset: "fast", lines: [540, 720, 1080], crf: 24, hdr: true };

export const usualLadders: Ladders = new Map<string, LadderForm>([
  ["default", usualForm],
  ["fast", { ...usualForm, preset: "veryfast" }],
  ["modern", { ...usualForm, hevc: usualHevc }],
]);

/** The same without HEVC. */
export function plainLadders(ladders: Ladders): Ladders {
  return new Map([...ladders].map(([name, { hevc: _, ...form }]) => [name, form]));
}

/** Those that are always there, with what an operator adds or puts in their place. */
export function laddersWith(added: Readonly<Record<string, LadderForm>>): Ladders {
  return new Map([...usualLadders, ...Object.entries(added)]);
}
