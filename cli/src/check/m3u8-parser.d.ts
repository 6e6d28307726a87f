// What is used of m3u8-parser 7, which has no types of its own.
declare module "m3u8-parser" {
  interface ParsedRange {
    readonly offset: number;
    readonly length: number;
  }

  interface ParsedVariant {
    readonly uri: string;
    readonly attributes: {
      readonly BANDWIDTH?: number;
      readonly CODECS?: string;
      readonly RESOLUTION?: { readonly width: number; readonly height: number };
    };
  }

  interface ParsedManifest {
    readonly endList?: boolean;
    readonly targetDuration?: number;
    readonly playlistType?: string;
    readonly segments: readonly {
      readonly uri: string;
      readonly duration: number;
      readonly byterange?: ParsedRange;
      readonly map?: { readonly uri: string };
    }[];
    readonly playlists?: readonly ParsedVariant[];
    readonly iFramePlaylists?: readonly ParsedVariant[];
    readonly mediaGroups?: Readonly<
      Record<string, Readonly<Record<string, Readonly<Record<string, { readonly uri?: string }>>>>>
    >;
  }

  export class Parser {
    readonly manifest: ParsedManifest;
    push(text: string): void;
    end(): void;
  }
}
