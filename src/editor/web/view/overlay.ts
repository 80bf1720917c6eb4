/** Draws hole, lines and strokes of colour over the photo, in colours and with edges that stay visible on any photo. */
import { colourWord, type LayerName, type Rgb, type Values } from '../drawing/changes.ts';
import type { Rect } from '../drawing/geometry.ts';
import type { Layer, Marks } from '../drawing/layer.ts';
import type { Viewport } from './viewport.ts';

interface OverlayColours {
  readonly hole: Rgb;
  readonly lines: Rgb;
}

const fillAlpha = 88;
const stripeAlpha = 128;
const haloAlpha = 200;
const [dark, light]: readonly Rgb[] = [
  [16, 18, 22],
  [250, 250, 250],
];
/** Lines and strokes of colour outside the hole are faint, as they count for nothing. */
const ignoredAlpha = 100;
const ignoredHaloAlpha = 50;
/** Lines are seen with an edge of this many px in the opposite brightness. */
const halo = 2;
const stripePeriod = 16;

/**
 * RGBA bytes of a part of the stage, not premultiplied.
 *
 * @param view for the stage's own px (not CSS px). @param rect in the stage's px.
 */
export function paintOverlay(
  drawing: Readonly<Record<LayerName, Layer>>,
  view: Viewport,
  rect: Rect,
  colours: OverlayColours,
): Uint8ClampedArray<ArrayBuffer> {
  const width = rect.right - rect.left;
  const height = rect.bottom - rect.top;
  const out = new Uint8ClampedArray(width * height * 4);
  const words = new Uint32Array(out.buffer);
  const stride = width + 2 * halo;
  const holeMarks = sample(drawing.hole, view, rect, Uint8Array);
  const lineMarks = sample(drawing.lines, view, rect, Uint8Array);
  const strokes = sample(drawing.colour, view, rect, Uint32Array);
  const edgeMarks = around(lineMarks, stride);
  const line = colourWord(colours.lines);
  const edgeColour = isBright(colours.lines) ? dark : light;
  const edge = colourWord(edgeColour, haloAlpha);
  const [ignoredLine, ignoredEdge] = [faint(line), colourWord(edgeColour, ignoredHaloAlpha)];
  const [fill, stripe, rim] = [fillAlpha, stripeAlpha, 255].map((alpha) => colourWord(colours.hole, alpha));
  for (let y = 0, o = 0; y < height; y++) {
    let i = (y + halo) * stride + halo;
    for (let x = 0; x < width; x++, i++, o++) {
      if (lineMarks[i]) words[o] = holeMarks[i] ? line : ignoredLine;
      else if (edgeMarks[i]) words[o] = holeMarks[i] ? edge : ignoredEdge;
      else if (strokes[i]) words[o] = holeMarks[i] ? strokes[i] : faint(strokes[i]);
      else if (holeMarks[i]) {
        const within = holeMarks[i - 1] && holeMarks[i + 1] && holeMarks[i - stride] && holeMarks[i + stride];
        const onStripe = (rect.left + x + rect.top + y) % stripePeriod < stripePeriod / 4;
        words[o] = within ? (onStripe ? stripe : fill) : rim;
      }
    }
  }
  return out;
}

/** Marks all within the halo of a mark. As marks are sparse, each fills its surroundings. */
function around(marks: Uint8Array, stride: number): Uint8Array {
  const result = new Uint8Array(marks.length);
  for (let i = marks.indexOf(1); i >= 0; i = marks.indexOf(1, i + 1)) {
    for (let dy = -halo; dy <= halo; dy++) {
      // Without the corners, which makes it round.
      const reach = Math.abs(dy) === halo ? halo - 1 : halo;
      const row = i + dy * stride;
      result.fill(1, Math.max(0, row - reach), Math.max(0, row + reach + 1));
    }
  }
  return result;
}

/** A layer's values at the stage's px, with {@link halo} more on all sides. */
function sample<T extends Values>(
  layer: Layer,
  view: Viewport,
  rect: Rect,
  kind: new (length: number) => T,
): T {
  const width = rect.right - rect.left + 2 * halo;
  const height = rect.bottom - rect.top + 2 * halo;
  const result = new kind(width * height);
  if (layer.isEmpty) return result;
  const { marks, factor } = levelFor(layer, view.scale);
  const scale = view.scale * factor;
  const columns = Int32Array.from({ length: width }, (_, i) => {
    const x = Math.floor((rect.left - halo + i + 0.5 - view.x) / scale);
    return x >= 0 && x < marks.width ? x : -1;
  });
  for (let j = 0; j < height; j++) {
    const y = Math.floor((rect.top - halo + j + 0.5 - view.y) / scale);
    if (y < 0 || y >= marks.height) continue;
    for (let i = 0; i < width; i++) {
      if (columns[i] >= 0) result[j * width + i] = marks.data[y * marks.width + columns[i]];
    }
  }
  return result;
}

/** The coarsest copy whose pixels are no larger than the stage's; only a little is lost between its pixels. */
function levelFor(layer: Layer, scale: number): { marks: Marks; factor: number } {
  const wanted = Math.max(0, Math.ceil(Math.log2(1 / scale) - 1e-6));
  const level = Math.min(wanted, layer.levels.length - 1);
  return { marks: layer.levels[level], factor: 2 ** level };
}

const faint = (stroke: number): number => ((stroke & 0xffffff) | (ignoredAlpha << 24)) >>> 0;

const isBright = ([r, g, b]: Rgb): boolean => 0.299 * r + 0.587 * g + 0.114 * b > 110;
