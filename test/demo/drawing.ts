/** A picture to show: a boat on the water, in the evening. */
import { pngOf } from '../support/sample-files.ts';

export const WIDTH = 320;
export const HEIGHT = 200;

const HORIZON = 130;
const KEEL = 150;

type Colour = [red: number, green: number, blue: number];

const SUN: Colour = [255, 226, 138];
const SAIL: Colour = [250, 246, 238];
const MAST: Colour = [74, 52, 46];
const HULL: Colour = [146, 44, 52];

/** @param tint another shade for each homeserver, from 0 to 1 */
export function drawing(tint: number): Buffer {
  return pngOf(WIDTH, HEIGHT, (x, y) => boat(x, y) ?? scenery(x, y, tint));
}

function boat(x: number, y: number): Colour | null {
  const below = y - (KEEL - 22);
  if (below >= 0 && below < 22 && Math.abs(x - 150) < 62 - below) return HULL;
  if (x >= 148 && x < 152 && y >= 34 && below < 0) return MAST;
  if (y < 44 || y >= 122) return null;
  const wide = (y - 44) * 0.75;
  const isSail = (x >= 155 && x < 155 + wide) || (x < 145 && x >= 145 - wide * 0.7);
  return isSail ? SAIL : null;
}

function scenery(x: number, y: number, tint: number): Colour {
  if (y < HORIZON) {
    if (Math.hypot(x - 248, y - 96) < 30) return SUN;
    const dusk = y / HORIZON;
    return [90 + 150 * dusk, 100 + 60 * dusk, 190 - 90 * tint - 40 * dusk];
  }
  const ripple = 18 * Math.sin(x / 9 + 3 * Math.sin(y / 4));
  return [40 + ripple, 84 + 60 * tint + ripple, 130 - 40 * tint + ripple];
}
