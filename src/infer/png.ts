/** Results as the bytes of PNG files. */
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { fromRgb, type RgbImage } from '../data/decode.ts';
import type { Raster } from './raster.ts';

/** Where a PNG's chunks begin after the signature and the header chunk. */
const AFTER_HEADER = 8 + 25;

/** RGBA bytes as PNG, without the alpha channel if it is not wanted. @param profile the ICC profile of the RGB values. */
export async function encodePhoto(photo: Raster, alpha: boolean, profile?: Buffer): Promise<Buffer> {
  const { data, width, height } = photo;
  const image = sharp(data, { raw: { width, height, channels: 4 } });
  const png = await (alpha ? image : image.removeAlpha()).png().toBuffer();
  return profile ? withProfile(png, profile) : png;
}

/** RGB bytes as PNG. */
export const encodeRgb = (image: RgbImage): Promise<Buffer> => fromRgb(image).png().toBuffer();

/** Values [s,s,channels] in [-1, 1], channels 1 or 3, as RGB bytes; rounded, what lies outside is clipped. */
export function toRgb(values: Float32Array, side: number): RgbImage {
  const channels = values.length / (side * side);
  const data = Buffer.alloc(side * side * 3);
  for (let i = 0; i < data.length; i++) {
    const value = values[channels === 3 ? i : Math.floor(i / 3)];
    data[i] = Math.round(Math.min(255, Math.max(0, (value + 1) * 127.5)));
  }
  return { data, width: side, height: side };
}

/**
 * Puts a colour profile into a PNG, which says what its values mean and changes none: sharp would convert them. The
 * chunk iCCP (PNG specification, 11.3.2.3) follows the header.
 */
function withProfile(png: Buffer, profile: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('iCCPICC profile\0\0', 'latin1'), deflateSync(profile)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length - 4);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, AFTER_HEADER), length, body, check, png.subarray(AFTER_HEADER)]);
}
