// Objects and images, as everything else names them: proto ↔ domain.
import type { Image, ObjectRef } from "@vstream/core/media.ts";
import type { Image as WireImage, ObjectRef as WireObject } from "@vstream/proto/types.ts";
import * as check from "./checks.ts";

/** Of a picture, in pixels. */
export const sideRange = { min: 1, max: 65_536 };

export function objectToWire(object: ObjectRef): WireObject {
  return { sha256: object.sha256, bytes: object.bytes };
}

export function objectFromWire(wire: WireObject | undefined, name: string): ObjectRef {
  const object = check.present(wire, name);
  return {
    sha256: check.sha256(object.sha256, `${name} hash`),
    bytes: check.integer(object.bytes, `${name} bytes`, check.byteCount),
  };
}

export function imageToWire({ object, width, height }: Image): WireImage {
  return { object: objectToWire(object), width, height };
}

export function imageFromWire(wire: WireImage | undefined, name: string): Image {
  const image = check.present(wire, name);
  return {
    object: objectFromWire(image.object, name),
    width: check.integer(image.width, `${name} width`, sideRange),
    height: check.integer(image.height, `${name} height`, sideRange),
  };
}
