/** What a rendered person is: everything that is drawn at random, before any geometry. */
import type { Rgb } from './colour.ts';
import type { Vec3 } from './geometry.ts';

export const HAIR_STYLES = [
  'bald',
  'balding',
  'buzz',
  'short',
  'sidePart',
  'sweptBack',
  'fringe',
  'curly',
  'afro',
  'bob',
  'long',
  'wavy',
  'bun',
] as const;
export type HairStyle = (typeof HAIR_STYLES)[number];

export interface Hair {
  style: HairStyle;
  colour: Rgb;
  /** Multiplies the style's own length. */
  length: number;
  /** Where the parting runs, in decimetres from the middle. */
  part: number;
  /** 0-1: how far strands stray from their lock. */
  frizz: number;
  /** 0-1: waves or curls beyond the style's own. */
  curl: number;
  /** How far, 0-1, the hair stands off the scalp. */
  volume: number;
  /** Decimetres by which the hairline is higher than usual, and how far the temples recede. */
  hairline: number;
  temples: number;
  /** Above 0: front hair falls over the forehead, this far (0-1). */
  fringe: number;
}

export interface Skin {
  colour: Rgb;
  /** 0 (lightest) to 1 (darkest). */
  tone: number;
  blush: number;
  freckles: number;
  shine: number;
  /** 0-1: blotches, lines and spots of age. */
  wear: number;
  lips: Rgb;
  /** How sharply and strongly the lips are coloured, 0-1. */
  lipstick: number;
  eyeshadow: Rgb;
  eyeshadowStrength: number;
}

export interface Eyes {
  iris: Rgb;
  /** Where the eyes look, in radians: to the image's right, and up. */
  gaze: readonly [number, number];
  lashes: number;
}

export interface Brows {
  colour: Rgb;
  /** Half of the height at the thickest place, in decimetres. */
  thickness: number;
  density: number;
  arch: number;
}

export interface Beard {
  kind: 'none' | 'stubble' | 'moustache' | 'goatee' | 'full';
  /** Decimetres. */
  length: number;
  density: number;
}

export interface Glasses {
  shape: 'round' | 'rectangle' | 'aviator' | 'cat';
  colour: Rgb;
  thickness: number;
  /** 0 clear to 1 sunglasses. */
  tint: number;
}

export interface Hat {
  kind: 'beanie' | 'cap' | 'headband' | 'brim';
  colour: Rgb;
}

export interface Clothing {
  kind: 'crew' | 'vneck' | 'turtleneck' | 'shirt' | 'jacket';
  colour: Rgb;
  second: Rgb;
  pattern: 'plain' | 'stripes' | 'checks' | 'knit';
}

export interface Light {
  /** Unit vectors towards the two lamps, in view space. */
  key: Vec3;
  fill: Vec3;
  keyColour: Rgb;
  fillColour: Rgb;
  sky: Rgb;
  ground: Rgb;
  /** 0 soft shadows to 1 hard ones. */
  hardness: number;
}

export interface Background {
  kind: 'gradient' | 'bokeh' | 'indoor' | 'outdoor' | 'panels';
  colours: readonly Rgb[];
  seed: number;
}

export interface Person {
  /** An integer that seeds the procedural detail. */
  seed: number;
  female: boolean;
  child: boolean;
  /** Morph targets and their weights: the shape of the head and the expression. */
  targets: readonly (readonly [name: string, weight: number])[];
  skin: Skin;
  eyes: Eyes;
  brows: Brows;
  hair: Hair;
  beard: Beard;
  glasses: Glasses | undefined;
  hat: Hat | undefined;
  earrings: Rgb | undefined;
  necklace: Rgb | undefined;
  clothing: Clothing;
  /** Radians: to the image's right, upwards, and tilt. */
  pose: { yaw: number; pitch: number; roll: number };
  /** The distance of the camera in decimetres; frame size and offset relative to the aligned portrait. */
  camera: { distance: number; zoom: number; dx: number; dy: number };
  light: Light;
  background: Background;
}
