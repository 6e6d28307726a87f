// What the corpus consists of: kinds of source, how each is made, and what must come of it.
import type { ErrorCode } from "@vstream/core/errors.ts";
import type { Probe } from "@vstream/core/media.ts";
import type { Bed } from "./bed.ts";

export interface Film {
  readonly kind: "film";
  /** Width and height as shown. */
  readonly size: readonly [number, number];
  /** A range where different builds of a decoder differ. */
  readonly frames: number | readonly [number, number];
  /** Frames a second; by default 24. */
  readonly rate?: number;
  /** ffmpeg's filters from the source's decoded pictures, not turned, to what is shown; by default none. */
  readonly shown?: string;
  /** The least SSIM of any frame with what ffmpeg itself decodes; null: nobody knows what is right. By default 0.9. */
  readonly likeness?: number | null;
  /** Only what is good of it is shown, since that was allowed: the probe says so. By default it is whole. */
  readonly damaged?: true;
  /** What its captions say. By default it has none. */
  readonly captions?: readonly { readonly startMs: number; readonly endMs: number; readonly text: string }[];
  /** Further things that must be so. */
  readonly check?: (probe: Probe) => void;
}

export interface Refusal {
  readonly kind: "refusal";
  readonly code: ErrorCode;
  readonly message?: RegExp;
}

export interface SourceKind {
  readonly name: string;
  /** Makes the source; the name of its file ends in `as`. */
  readonly make: (path: string, bed: Bed) => Promise<void>;
  readonly as: string;
  readonly gives: Film | Refusal;
}

/** The film of the bed (192x108, 24 a second, 8 s) encoded by ffmpeg with these arguments. */
export function encoded(name: string, as: string, args: readonly string[], film: Partial<Film> = {}): SourceKind {
  return {
    ...{ name, as, make: async (path, bed) => bed.ffmpeg(["-i", await bed.film(), ...args, path]) },
    gives: { kind: "film", size: [192, 108], frames: 192, ...film },
  };
}

/** As above, made in any other way. */
export function made(
  name: string,
  as: string,
  make: SourceKind["make"],
  film: Partial<Film> & Pick<Film, "frames">,
): SourceKind {
  return { name, as, make, gives: { kind: "film", size: [192, 108], ...film } };
}

export function refused(name: string, make: SourceKind["make"], code: ErrorCode, message?: RegExp): SourceKind {
  return {
    name,
    as: "film.mp4",
    make,
    gives: { kind: "refusal", code, ...(message === undefined ? {} : { message }) },
  };
}
