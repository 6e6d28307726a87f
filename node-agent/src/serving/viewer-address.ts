// Whom an address is taken for when viewers are counted: one household has one IPv4 address, and a whole /64 of IPv6,
// of which it uses as many addresses as it likes.
import { isIPv6 } from "node:net";

const networkGroups = 4;

/** @param address as a socket gives it */
export function viewerOf(address: string): string {
  const [bare = ""] = address.split("%", 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined || !isIPv6(bare)) return mapped ?? bare;
  const [before = "", after] = bare.split("::", 2);
  const head = groupsOf(before);
  const tail = groupsOf(after ?? "");
  const left = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  const groups = [...head, ...left, ...tail].slice(0, networkGroups);
  return `${groups.map((group) => parseInt(group, 16).toString(16)).join(":")}::/64`;
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
