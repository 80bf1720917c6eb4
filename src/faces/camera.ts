/**
 * The camera: aligns the face in the frame as CelebA-HQ does, projects points to samples, and turns the finished
 * samples into a picture.
 */

import { toByte } from './colour.ts';
import { signedHash } from './noise.ts';
import type { Person } from './person.ts';
import { headTurn, type ShapedHead } from './shape.ts';

export interface View {
  /** Samples along each side of the frame. */
  readonly size: number;
  /** Samples to a decimetre at depth z (of view space, decimetres, towards the camera). */
  unit(z: number): number;
  /** View-space points to x, y in samples (y down) and depth (nearer is larger). */
  project(points: Float32Array): Float32Array;
}

/** Frame sides to distances between the eyes, and from eyes to mouth (the alignment of CelebA-HQ and FFHQ). */
const EYE_SPANS = 4;
const MOUTH_SPANS = 3.6;
/** That alignment cuts foreheads; portraits of CelebA-HQ show slightly more. */
const MARGIN = 1.14;

export function createView(head: ShapedHead, person: Person, size: number): View {
  const { distance, zoom, dx, dy } = person.camera;
  const turn = headTurn(person.pose);
  const flat = ([x, y, z]: readonly [number, number, number]): [number, number] => {
    const p = new Float32Array(3);
    turn(x, y, z, p, 0);
    const f = distance / (distance - p[2]);
    return [p[0] * f, p[1] * f];
  };
  const [lx, ly] = flat(head.left.centre);
  const [rx, ry] = flat(head.right.centre);
  const [mx, my] = flat(head.mouth);
  const ex = (lx + rx) / 2;
  const ey = (ly + ry) / 2;
  const span = Math.max(EYE_SPANS * Math.hypot(lx - rx, ly - ry), MOUTH_SPANS * Math.hypot(mx - ex, my - ey));
  const frame = (span * MARGIN) / zoom;
  const cx = ex + 0.1 * (mx - ex) + dx * frame;
  const cy = ey + 0.1 * (my - ey) + dy * frame;
  const toSamples = size / frame;
  return {
    size,
    unit: (z) => (toSamples * distance) / (distance - z),
    project(points) {
      const out = new Float32Array(points.length);
      for (let i = 0; i < points.length; i += 3) {
        const f = distance / (distance - points[i + 2]);
        out[i] = size * 0.5 + (points[i] * f - cx) * toSamples;
        out[i + 1] = size * 0.5 - (points[i + 1] * f - cy) * toSamples;
        out[i + 2] = points[i + 2];
      }
      return out;
    },
  };
}

// From samples to the finished picture: averaging, the camera's response and a little grain.

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
