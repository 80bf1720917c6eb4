/** PNG files of exactly the pixels that are given. */
import { AFTER_HEADER, pngChunk } from '../../../infer/png-chunk.ts';
import { type Provenance, provenanceChunks } from '../../../infer/provenance.ts';
import type { Raster } from '../../../infer/raster.ts';
import { context, mostPixels, readsExactly, rgbaOf } from './pixels.ts';

const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const colourTypes: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 };

/**
 * A PNG file of grey, RGB or RGBA bytes, in sRGB. The browser's own encoder is fast, but takes its pixels from a canvas: that must
 * not be too large, rounds see-through colours, and in some browsers has noise.
 */
export async function encodePng(raster: Raster): Promise<Blob> {
  const { width, height, data } = raster;
  const area = width * height;
  if (data.length !== 4 * area || area > mostPixels || isSeeThrough(data) || !readsExactly())
    return writePng(raster);
  const canvas = context(raster);
  canvas.putImageData(new ImageData(rgbaOf(data), width, height), 0, 0);
  return canvas.canvas.convertToBlob({ type: 'image/png' });
}

/** The same file, which says how the picture came to be. */
export function markPng(png: Blob, provenance: Provenance): Blob {
  const chunks = provenanceChunks(provenance);
  return new Blob([png.slice(0, AFTER_HEADER), ...chunks, png.slice(AFTER_HEADER)], { type: png.type });
}

/** Where no pixel is see-through, alpha is left out. */
export async function writePng(raster: Raster): Promise<Blob> {
  const { width, height, data, channels } = withoutAlpha(raster);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colourTypes[channels]], 8);
  const rows = new Blob([filtered(data, width * channels, height, channels)]);
  const packed = await new Response(
    rows.stream().pipeThrough(new CompressionStream('deflate')),
  ).arrayBuffer();
  const parts = [
    pngChunk('IHDR', header),
    // Perceptual intent.
    pngChunk('sRGB', Uint8Array.of(0)),
    pngChunk('IDAT', new Uint8Array(packed)),
    pngChunk('IEND', new Uint8Array()),
  ];
  return new Blob([signature, ...parts], { type: 'image/png' });
}

function withoutAlpha({ width, height, data }: Raster) {
  const channels = data.length / (width * height);
  if (channels !== 4 || isSeeThrough(data)) return { width, height, data, channels };
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return { width, height, data: rgb, channels: 3 };
}

/** Whether RGBA bytes have a pixel that is not opaque. */
export function isSeeThrough(rgba: Raster['data']): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return true;
  return false;
}

/** The rows, each after the number of its filter: 4, Paeth, which predicts a byte from its neighbours left, above and both. */
function filtered(
  data: Raster['data'],
  length: number,
  height: number,
  channels: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(height * (length + 1));
  for (let y = 0, o = 0; y < height; y++) {
    const row = y * length;
    out[o++] = 4;
    for (let x = 0; x < length; x++) {
      const left = x >= channels ? data[row + x - channels] : 0;
      const above = y > 0 ? data[row + x - length] : 0;
      const corner = y > 0 && x >= channels ? data[row + x - length - channels] : 0;
      const toLeft = Math.abs(above - corner);
      const toAbove = Math.abs(left - corner);
      const toCorner = Math.abs(left + above - 2 * corner);
      const nearest = toAbove <= toCorner ? above : corner;
      out[o++] = data[row + x] - (toLeft <= toAbove && toLeft <= toCorner ? left : nearest);
    }
  }
  return out;
}
