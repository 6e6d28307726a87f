// All kinds of source, by topic.
import { containerKinds } from "./container-kinds.ts";
import { damagedKinds } from "./damaged-kinds.ts";
import type { SourceKind } from "./kinds.ts";
import { pictureKinds } from "./picture-kinds.ts";
import { refusedKinds } from "./refused-kinds.ts";
import { timeKinds } from "./time-kinds.ts";
import { trackKinds } from "./track-kinds.ts";

export const wholeCorpus: readonly (readonly [string, readonly SourceKind[]])[] = [
  ["an encoder and a container", containerKinds],
  ["clocks", timeKinds],
  ["pictures", pictureKinds],
  ["tracks", trackKinds],
  ["damage", damagedKinds],
  ["what is no film", refusedKinds],
];
