/**
 * What a network's picture lacks where it is enlarged: sharp edges, and the texture and grain of the photo around it. Edges
 * are steepened without new extremes, so that no halos appear. Texture is the photo's own, finer than a pixel of the network:
 * patches of what is known near the hole and of like colour, laid side by side in an order that only looks random, so that equal edits give
 * equal pixels. None of this knows what a face is: it adds no eyelash that the network has not drawn.
 */
import type { Raster, Region } from './raster.ts';
import type { Bounds } from './region.ts';
import { type RowSource, scaleRows } from './resample.ts';

/** A picture that is enlarged by no more than this stays as it is. */
const ENLARGED_FROM = 1.5;

/** A rectangle of the photo is made of its pixels of the network and of so many on each side. */
export const REACH = 7;

/** The picture is sharpened at so many times its size; cubic interpolation does the rest. */
const FINER = 4;
/** Edges draw the pixels beside them nearer, by so many pixels of the network for each level of the edge per pixel squared... */
const PULL = 0.025;
/** ...up to so many; edges steeper than so many levels per pixel of the network draw no more than these. */
const MOST_PULL = 0.4;
const STEEP = 60;

/** What is coarser than so many pixels of the network is its own, what is finer the photo's. */
const COARSE = 1;
/** Side of a tile of texture, pixels of the network, and the least of it, px of the photo. */
const TILE = 4;
const LEAST_TILE = 16;
/** Patches of known texture are looked for at so many places a side of the region, and are so many tiles wide. */
const PLACES = 16;
const PATCH = 1.25;
/** A tile takes one of so many patches that suit it best. */
const CHOICE = 4;
/** ...as far as these suit it by no more levels less than the best. */
const SLACK = 15;
/** A patch as far away as the region is wide suits as little as one whose colour differs by so many levels. */
const FAR = 100;
/** The same of each unit by which a patch's mean square is larger, against that of its mean difference, than of even grain. */
const UNEVEN = 100;
const EVEN = Math.PI / 2;
/** The same of each level of a patch's mean difference: calm texture is less conspicuous. */
const STRONG = 2;
/** What exceeds so many times a patch's mean difference is an edge rather than texture, and is cut. */
const EDGE = 2.5;
/** Texture of a colour that differs by so many levels has half its strength. */
const OTHER_COLOUR = 50;

/** How many px of the photo are one of the network's picture. */
export const enlargement = (side: number, region: Region): number => region.size / side;

export const isEnlarged = (side: number, region: Region): boolean =>
  enlargement(side, region) > ENLARGED_FROM;

/** A part of a network's picture in finer pixels. */
interface Sharpened extends RowSource {
  /** What of it the whole region is: the part alone has pixels. */
  readonly square: { readonly x: number; readonly y: number; readonly size: number };
}

/**
 * A network's picture of a region, finer and with steeper edges, as far as it is needed for a rectangle of the photo.
 *
 * @param result [r,r,3].
 */
export function sharpened(result: Float32Array, region: Region, rect: Bounds): Sharpened {
  const side = Math.sqrt(result.length / 3);
  const scale = side / region.size;
  const first = (at: number) => Math.max(0, Math.floor(at * scale) - REACH);
  const end = (at: number) => Math.min(side, Math.ceil(at * scale) + REACH);
  const [left, top] = [first(rect.left - region.x), first(rect.top - region.y)];
  const [width, height] = [end(rect.right - region.x) - left, end(rect.bottom - region.y) - top];
  const data = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * side + left);
    data.set(result.subarray(from, from + 3 * width), 3 * y * width);
  }
  const finer = pulledToEdges(enlarged(data, width, height, FINER), FINER * width, FINER * height);
  return {
    ...rowsOf(finer, FINER * width, FINER * height),
    square: { x: -left * FINER, y: -top * FINER, size: side * FINER },
  };
}

/** A picture [height, width, 3] for the filter. */
const rowsOf = (data: Float32Array, width: number, height: number): RowSource => ({
  width,
  height,
  read(y, row, left, right) {
    row.set(data.subarray(3 * (y * width + left), 3 * (y * width + right)), 3 * left);
  },
});

/** @param data [height, width, 3]. @returns [times height, times width, 3]. */
function enlarged(data: Float32Array, width: number, height: number, times: number): Float32Array {
  const out = new Float32Array(3 * times * times * width * height);
  // The filter works on squares; what one has beyond the picture is left out.
  const size = Math.max(width, height);
  const part = { left: 0, top: 0, right: times * width, bottom: times * height };
  const square = { x: 0, y: 0, size };
  const useRow = (row: Float32Array, y: number) => out.set(row, 3 * y * times * width);
  scaleRows(rowsOf(data, width, height), square, times * size, useRow, part);
  return out;
}

/**
 * Warp sharpening (Arad and Gotsman, 1999): each pixel takes the value of a place a little farther from the edge beside it,
 * so that edges become steeper while no value is exceeded and curves stay smooth.
 */
function pulledToEdges(data: Float32Array, width: number, height: number): Float32Array {
  const area = width * height;
  const brightness = new Float32Array(area);
  for (let i = 0, k = 0; i < area; i++, k += 3)
    brightness[i] = 127.5 * (0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2]);
  // Differences across two finer pixels, per pixel of the network.
  const unit = FINER / 2;
  const steepness = new Float32Array(area);
  for (let y = 1; y < height - 1; y++)
    for (let x = 1, i = y * width + 1; x < width - 1; x++, i++) {
      const across = brightness[i + 1] - brightness[i - 1];
      const down = brightness[i + width] - brightness[i - width];
      steepness[i] = Math.min(STEEP, unit * Math.sqrt(across * across + down * down));
    }
  const soft = mean(mean(steepness, width, height, FINER / 2), width, height, FINER / 2);
  const out = new Float32Array(data);
  const reach = MOST_PULL * FINER;
  const margin = Math.ceil(reach) + 2 * (FINER / 2) + 1;
  for (let y = margin; y < height - margin; y++)
    for (let x = margin, i = y * width + margin; x < width - margin; x++, i++) {
      let dx = -PULL * FINER * unit * (soft[i + 1] - soft[i - 1]);
      let dy = -PULL * FINER * unit * (soft[i + width] - soft[i - width]);
      const length = Math.sqrt(dx * dx + dy * dy);
      if (length > reach) {
        dx *= reach / length;
        dy *= reach / length;
      }
      const [u, v] = [x + dx, y + dy];
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [right, below] = [u - left, v - top];
      const from = 3 * (top * width + left);
      const under = from + 3 * width;
      for (let c = 0; c < 3; c++) {
        const above = data[from + c] * (1 - right) + data[from + 3 + c] * right;
        const beneath = data[under + c] * (1 - right) + data[under + 3 + c] * right;
        out[3 * i + c] = above * (1 - below) + beneath * below;
      }
    }
  return out;
}

/** Red, green and blue, levels of 255. */
type Colour = readonly [number, number, number];

/** Colours by which patches are chosen, so that engines that differ by a rounding choose alike. */
const STEP = 16;
const inSteps = ([red, green, blue]: Colour): Colour => [
  STEP * Math.round(red / STEP),
  STEP * Math.round(green / STEP),
  STEP * Math.round(blue / STEP),
];

/** Known texture: the photo without what a network's pixels can show. */
interface Patch {
  /** Differences of brightness [side, side], levels. */
  readonly texture: Float32Array;
  /** Mean colour, levels. */
  readonly colour: Colour;
  /** How conspicuous it would be where it does not belong, levels. */
  readonly cost: number;
  /** Its middle, px of the photo. */
  readonly x: number;
  readonly y: number;
}

/**
 * Texture for a rectangle of the photo [height, width]: differences of brightness, levels of 255, to be added to an enlarged
 * picture; all 0 where nothing of the photo around is known.
 *
 * @param photo RGBA. @param hole of one channel. @param result [r,r,3] in [-1, 1], the network's picture of the region.
 */
export function textureFor(
  photo: Raster,
  hole: Raster,
  result: Float32Array,
  region: Region,
  rect: Bounds,
): Float32Array {
  const [width, height] = [rect.right - rect.left, rect.bottom - rect.top];
  const out = new Float32Array(width * height);
  const side = Math.sqrt(result.length / 3);
  const scale = region.size / side;
  const tile = 2 * Math.round(Math.max(LEAST_TILE, TILE * scale) / 2);
  const span = Math.round(PATCH * tile);
  const patches = knownPatches(photo, hole, region, span, Math.round(COARSE * scale));
  if (patches.length === 0) return out;
  // Tiles overlap by half. Squares of their weights add up to 1, so that the texture is as strong between them as within.
  const window = Float32Array.from({ length: tile }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / tile));
  const half = tile / 2;
  // On a grid of the photo's, so that the texture stays where it is when the hole grows.
  const [firstRow, firstColumn] = [rect.top, rect.left].map((at) => Math.floor(at / half) - 1);
  for (let row = firstRow; row * half < rect.bottom; row++) {
    for (let column = firstColumn; column * half < rect.right; column++) {
      const [top, left] = [row * half - rect.top, column * half - rect.left];
      if (!touches(hole, rect.left + left, rect.top + top, tile, rect)) continue;
      const [x, y] = [rect.left + left + half, rect.top + top + half];
      const at = (centre: number, start: number) =>
        Math.min(side - 1, Math.max(0, Math.floor((centre - start) / scale)));
      const pixel = 3 * (at(y, region.y) * side + at(x, region.x));
      const level = (c: number) => Math.min(255, Math.max(0, (result[pixel + c] + 1) * 127.5));
      const colour: Colour = [level(0), level(1), level(2)];
      const suiting = mostSuiting(patches, inSteps(colour), x, y, region);
      let random = scattered(row, column);
      const draw = (count: number) => {
        random = scattered(random, count);
        return random % count;
      };
      const patch = suiting[draw(suiting.length)];
      const [dx, dy, flip] = [draw(span - tile + 1), draw(span - tile + 1), draw(2) === 1];
      const strength = 1 / (1 + (differenceOf(patch.colour, colour) / OTHER_COLOUR) ** 2);
      const [x0, x1] = [Math.max(0, -left), Math.min(tile, width - left)];
      for (let v = Math.max(0, -top); v < Math.min(tile, height - top); v++) {
        const o = (top + v) * width + left;
        const from = (dy + v) * span + dx;
        const weight = strength * window[v];
        for (let u = x0; u < x1; u++)
          out[o + u] += weight * window[u] * patch.texture[from + (flip ? tile - 1 - u : u)];
      }
    }
  }
  return out;
}

/** Levels. */
function differenceOf(one: Colour, other: Colour): number {
  const [red, green, blue] = [one[0] - other[0], one[1] - other[1], one[2] - other[2]];
  return Math.sqrt((red * red + green * green + blue * blue) / 3);
}

/** The patches that suit a place best, the best first. */
function mostSuiting(
  patches: readonly Patch[],
  colour: Colour,
  x: number,
  y: number,
  region: Region,
): Patch[] {
  const best: { readonly patch: Patch; readonly cost: number }[] = [];
  for (const patch of patches) {
    const distance = Math.sqrt((patch.x - x) ** 2 + (patch.y - y) ** 2) / region.size;
    const cost = differenceOf(patch.colour, colour) + FAR * distance + patch.cost;
    if (best.length === CHOICE && cost >= best[CHOICE - 1].cost) continue;
    if (best.length === CHOICE) best.pop();
    const place = best.findIndex((other) => cost < other.cost);
    best.splice(place < 0 ? best.length : place, 0, { patch, cost });
  }
  return best.filter(({ cost }) => cost <= best[0].cost + SLACK).map(({ patch }) => patch);
}

/** Squares of the region's known part, with margins that are known too, and what is finer there than `coarse` px. */
function knownPatches(photo: Raster, hole: Raster, region: Region, side: number, coarse: number): Patch[] {
  const margin = 2 * Math.floor(coarse / 2) + 1;
  const whole = side + 2 * margin;
  const [left, top] = [Math.max(0, region.x), Math.max(0, region.y)];
  const right = Math.min(photo.width, region.x + region.size);
  const bottom = Math.min(photo.height, region.y + region.size);
  const step = Math.max(side / 2, region.size / PLACES);
  const patches: Patch[] = [];
  for (let y = top; y + whole <= bottom; y += step)
    for (let x = left; x + whole <= right; x += step) {
      const place = { x: Math.floor(x), y: Math.floor(y) };
      if (!isKnown(photo, hole, place, whole)) continue;
      patches.push(patchAt(photo, place, side, margin));
    }
  return patches;
}

function isKnown(photo: Raster, hole: Raster, { x, y }: { x: number; y: number }, side: number): boolean {
  for (let row = y; row < y + side; row++)
    for (let i = row * photo.width + x; i < row * photo.width + x + side; i++)
      if (hole.data[i] || photo.data[4 * i + 3] !== 255) return false;
  return true;
}

function patchAt(photo: Raster, { x, y }: { x: number; y: number }, side: number, margin: number): Patch {
  const whole = side + 2 * margin;
  const { data, width } = photo;
  const brightness = new Float32Array(whole * whole);
  let [red, green, blue] = [0, 0, 0];
  for (let v = 0, o = 0; v < whole; v++) {
    for (let u = 0, i = 4 * ((y + v) * width + x); u < whole; u++, o++, i += 4) {
      brightness[o] = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
      red += data[i];
      green += data[i + 1];
      blue += data[i + 2];
    }
  }
  const count = whole * whole;
  const colour: Colour = [red / count, green / count, blue / count];
  const reach = (margin - 1) / 2;
  // Two means over a square: one about as wide as a pixel of the network.
  const coarse = mean(mean(brightness, whole, whole, reach), whole, whole, reach);
  const texture = new Float32Array(side * side);
  let [sum, squares] = [0, 0];
  for (let v = 0, o = 0; v < side; v++)
    for (let u = 0, i = (v + margin) * whole + margin; u < side; u++, o++, i++) {
      const value = brightness[i] - coarse[i];
      texture[o] = value;
      sum += Math.abs(value);
      squares += value * value;
    }
  const typical = sum / texture.length;
  const limit = EDGE * typical;
  for (let i = 0; i < texture.length; i++) texture[i] = Math.min(limit, Math.max(-limit, texture[i]));
  const unevenness = typical > 0 ? squares / texture.length / (typical * typical) : EVEN;
  const cost = STRONG * typical + UNEVEN * Math.max(0, unevenness - EVEN);
  return { texture, colour, cost, x: x + whole / 2, y: y + whole / 2 };
}

/** Means over squares of 2 `reach` + 1 px [height, width]. Those that reach over the border are not computed, but 0. */
function mean(values: Float32Array, width: number, height: number, reach: number): Float32Array {
  if (reach === 0) return values;
  const count = 2 * reach + 1;
  const across = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      sum += values[i];
      if (x >= count) sum -= values[i - count];
      if (x >= count - 1) across[i - reach] = sum / count;
    }
  }
  // Down, row by row, as memory has them.
  const out = new Float32Array(values.length);
  const sums = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    const [newest, oldest, middle] = [y * width, (y - count) * width, (y - reach) * width];
    for (let x = 0; x < width; x++) {
      sums[x] += across[newest + x] - (y >= count ? across[oldest + x] : 0);
      if (y >= count - 1) out[middle + x] = sums[x] / count;
    }
  }
  return out;
}

/** Whether a square of px has some of the hole in it, as far as it is inside `rect`. */
function touches(hole: Raster, x: number, y: number, side: number, rect: Bounds): boolean {
  const [left, right] = [Math.max(x, rect.left), Math.min(x + side, rect.right)];
  for (let row = Math.max(y, rect.top); row < Math.min(y + side, rect.bottom); row++)
    for (let i = row * hole.width + left; i < row * hole.width + right; i++) if (hole.data[i]) return true;
  return false;
}

/** A whole number that looks random and depends on two others alone. */
function scattered(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}
