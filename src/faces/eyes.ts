/** Eyeballs, teeth and tongue. */
import { mix } from './colour.ts';
import type { HeadModel } from './head.ts';
import { irradiance } from './lighting.ts';
import { clamp, noise3, smoothstep } from './noise.ts';
import type { Person } from './person.ts';
import type { Shader } from './rasterizer.ts';
import type { Eyeball } from './shape.ts';

/** Radii of iris and pupil, in radii of the eyeball. */
const IRIS = 0.5;
const PUPIL = 0.21;

/** @param positions the shaped head before it is posed: the eye is coloured by place on the ball. */
export function eyeShader(
  person: Person,
  head: HeadModel,
  side: 'left' | 'right',
  ball: Eyeball,
  positions: Float32Array,
): Shader {
  const { eyes, light, seed } = person;
  const triangles = side === 'left' ? head.parts.leftEye : head.parts.rightEye;
  const occlusion = head.occlusion;
  // The lids of a morphed head may open beside the ball's middle; a gaze is read from where the iris is between them.
  const gx = Math.sin(eyes.gaze[0]) + (0.85 * (ball.opening[0] - ball.centre[0])) / ball.radius;
  const gy = Math.sin(eyes.gaze[1]) + (0.5 * (ball.opening[1] - ball.centre[1])) / ball.radius;
  const white = [0.6, 0.56, 0.54];
  const rim = mix(eyes.iris, [0.01, 0.01, 0.01], 0.75);
  const inverse = 1 / ball.radius;
  const lit = new Float32Array(3);
  const none: [number, number, number] = [0.3, 0.3, 0.3];
  const glintX = gx + light.key[0] * 0.3;
  const glintY = gy + Math.max(0.1, light.key[1]) * 0.34;
  return (triangle, wa, wb, wc, out) => {
    const [a, b, c] = [triangles[triangle] * 3, triangles[triangle + 1] * 3, triangles[triangle + 2] * 3];
    const x = (wa * positions[a] + wb * positions[b] + wc * positions[c] - ball.centre[0]) * inverse;
    const y =
      (wa * positions[a + 1] + wb * positions[b + 1] + wc * positions[c + 1] - ball.centre[1]) * inverse;
    const z = Math.sqrt(Math.max(0, 1 - x * x - y * y));
    const open =
      wa * occlusion[triangles[triangle]] +
      wb * occlusion[triangles[triangle + 1]] +
      wc * occlusion[triangles[triangle + 2]];
    // The lid and its lashes shade the upper part.
    const shade =
      (0.55 + 0.45 * open) *
      (1 - 0.6 * smoothstep(0.05, 0.6, y)) *
      (1 - 0.3 * smoothstep(0.55, 0.95, Math.abs(x)));
    irradiance(light, x, y, z, none, 0.75, 0.9, lit);
    const r = Math.sqrt((x - gx) * (x - gx) + (y - gy) * (y - gy));
    const inIris = smoothstep(IRIS + 0.025, IRIS - 0.025, r);
    const angle = Math.atan2(y - gy, x - gx);
    const fibres = 0.6 + 0.75 * noise3(angle * 5 + 16, r * 6, seed % 31) * smoothstep(PUPIL, PUPIL + 0.12, r);
    // Light that enters on one side glows in the iris on the other.
    const glow = 1 + 0.5 * clamp((-(x - gx) * light.key[0] - (y - gy) * light.key[1]) / IRIS);
    const dark = smoothstep(IRIS - 0.12, IRIS, r) * 0.85;
    const inPupil = smoothstep(PUPIL + 0.025, PUPIL - 0.025, r);
    const corner = smoothstep(0.6, 0.95, Math.abs(x)) * 0.6;
    const glint = smoothstep(0.1, 0.06, Math.max(Math.abs(x - glintX), Math.abs(y - glintY)));
    for (let k = 0; k < 3; k++) {
      const iris =
        (eyes.iris[k] * fibres * glow * (1 - dark) + rim[k] * dark) * (1 - inPupil) + 0.004 * inPupil;
      const ball = white[k] * (1 - corner * (k === 0 ? 0.15 : 0.45));
      out[k] = (ball + (iris - ball) * inIris) * lit[k] * shade + glint * 0.85;
    }
  };
}

/** Teeth (with gaps between them) and tongue, darker the further back they lie. */
export function mouthShader(
  person: Person,
  head: HeadModel,
  part: 'teeth' | 'tongue',
  normals: Float32Array,
): Shader {
  const triangles = head.parts[part];
  const rest = head.positions;
  const { light } = person;
  const base = part === 'teeth' ? [0.86, 0.82, 0.74] : [0.36, 0.11, 0.11];
  const lit = new Float32Array(3);
  return (triangle, wa, wb, wc, out) => {
    const [a, b, c] = [triangles[triangle] * 3, triangles[triangle + 1] * 3, triangles[triangle + 2] * 3];
    const at = (from: Float32Array, k: number) => wa * from[a + k] + wb * from[b + k] + wc * from[c + k];
    irradiance(light, at(normals, 0), at(normals, 1), at(normals, 2), [0.5, 0.5, 0.5], 0.8, 0.8, lit);
    const x = Math.abs(at(rest, 0));
    const depth = smoothstep(-0.1, 0.24, at(rest, 2)) * (1 - 0.5 * smoothstep(0.12, 0.28, x));
    const tooth = (x / 0.068) % 1;
    const gap = part === 'teeth' ? 1 - 0.3 * smoothstep(0.14, 0.02, Math.min(tooth, 1 - tooth)) : 1;
    for (let k = 0; k < 3; k++) out[k] = base[k] * lit[k] * gap * (0.1 + 0.9 * depth);
  };
}
