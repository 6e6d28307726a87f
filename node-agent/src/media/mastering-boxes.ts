// Pure: the boxes of a sample entry that say what a film of high dynamic range was made on and how bright it gets
// (ISO/IEC 14496-12, 12.1.6: mdcv, clli).
import { box, u16, u32 } from "./box-bytes.ts";
import type { Mastering } from "./timeline.ts";

/** What is said of it; none where nothing is. */
export function masteringBoxes({ display, light }: Mastering): Buffer[] {
  const boxes: Buffer[] = [];
  if (display !== null) {
    const { green, blue, red, white, mostLuminance, leastLuminance } = display;
    const points = [green, blue, red, white].flat().map(u16);
    boxes.push(box("mdcv", [...points, u32(mostLuminance), u32(leastLuminance)]));
  }
  if (light !== null) boxes.push(box("clli", [u16(light.most), u16(light.mostAverage)]));
  return boxes;
}
