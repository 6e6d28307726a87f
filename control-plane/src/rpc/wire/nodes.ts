// How nodes describe themselves and each other: proto ↔ domain.
import type { NodeAddress, NodeDescription } from "@vstream/core/media.ts";
import type { NodeDescription as WireDescription } from "@vstream/proto/agent.ts";
import type { NodeAddress as WireAddress } from "@vstream/proto/types.ts";
import * as check from "./checks.ts";

const mostSlots = 4_096;

export function descriptionFromWire(wire: WireDescription | undefined): NodeDescription {
  const node = check.present(wire, "node description");
  return {
    name: check.plainName(node.name, "node name"),
    region: check.plainName(node.region, "region"),
    zone: node.zone === "" ? "" : check.plainName(node.zone, "zone"),
    labels: check.labels(node.labels),
    playbackUrl: baseUrl(node.playbackUrl, "playback URL", ["http:", "https:"]),
    peerUrl: baseUrl(node.peerUrl, "peer URL", ["https:"]),
    version: check.text(node.version, "version", { max: 64 }),
    ffmpegVersion: check.text(node.ffmpegVersion, "ffmpeg version", { max: 256 }),
    toolchain: check.text(node.toolchain, "toolchain", { max: 512 }),
    encodeSlots: check.integer(node.encodeSlots, "encode slots", { min: 0, max: mostSlots }),
    capacityBytes: check.integer(node.capacityBytes, "capacity", check.byteCount),
  };
}

export function addressToWire(address: NodeAddress): WireAddress {
  return { ...address };
}

// It is shown to viewers and dialled by other nodes: nothing but scheme, host, port and path.
function baseUrl(value: string, name: string, schemes: readonly string[]): string {
  const url = URL.parse(check.text(value, name, { min: 1, max: 1_024 }));
  if (url === null || !schemes.includes(url.protocol)) {
    throw check.wrong(name, `is not a URL with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw check.wrong(name, "has more than scheme, host, port and path");
  }
  return value.replace(/\/+$/, "");
}
