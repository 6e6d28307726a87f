// What made a piece, as one word: two nodes with the same one make the same bytes. What HEVC takes stands at its end,
// after a plus sign, so that nodes that differ in this alone make the same of everything else.

/** @param hevc names the encoder's build; null: there is none */
export function wholeToolchain(plain: string, hevc: string | null): string {
  return hevc === null ? plain : `${plain}+${hevc}`;
}

/** The toolchain without what only HEVC takes. */
export function plainToolchain(toolchain: string): string {
  return toolchain.split("+", 1)[0] ?? "";
}

export function encodesHevc(toolchain: string): boolean {
  return toolchain.includes("+");
}

/** Whether a node with the one toolchain makes the same bytes as the other made. */
export function makesSame(toolchain: string, made: string): boolean {
  return toolchain === made || (!encodesHevc(made) && plainToolchain(toolchain) === made);
}
