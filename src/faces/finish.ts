/** From samples to the finished picture: averaging, the camera's response and a little grain. */
import { toByte } from './colour.ts';
import { signedHash } from './noise.ts';

/** The side of the block of samples that makes a pixel. */
export const SAMPLES = 2;

/**
 * @param colour linear light, (size * SAMPLES) squared samples of three values.
 * @returns sRGB bytes, size x size x 3.
 */
export function finish(colour: Float32Array, size: number, seed: number): Uint8Array {
  const wide = size * SAMPLES;
  const image = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dx = (x + 0.5) / size - 0.5;
      const dy = (y + 0.5) / size - 0.5;
      const vignette = 1 - 0.22 * (dx * dx + dy * dy);
      const grain = 1 + 0.018 * signedHash(y * size + x, seed);
      const level = (vignette * grain) / (SAMPLES * SAMPLES);
      const o = (y * size + x) * 3;
      for (let k = 0; k < 3; k++) {
        let sum = 0;
        for (let j = 0; j < SAMPLES; j++) {
          const p = ((y * SAMPLES + j) * wide + x * SAMPLES) * 3 + k;
          for (let i = 0; i < SAMPLES; i++) sum += colour[p + i * 3];
        }
        image[o + k] = toByte(sum * level);
      }
    }
  }
  return image;
}
