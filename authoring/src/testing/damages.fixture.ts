// For tests: the sample stream damaged on purpose, once or more for each rule on what is published.
import { damagedMedia } from "./damaged-media.fixture.ts";
import { damagedMultivariant } from "./damaged-multivariant.fixture.ts";
import { damagedPlaylists } from "./damaged-playlists.fixture.ts";
import type { Damage } from "./edit-files.fixture.ts";

export const damages: readonly Damage[] = [...damagedMultivariant, ...damagedPlaylists, ...damagedMedia];
