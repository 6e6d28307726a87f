// Where the built player stands: beside the program's bundle, or in the clone's dist/.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function playerFolder(): string {
  const beside = fileURLToPath(new URL("player", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../dist/player", import.meta.url));
}
