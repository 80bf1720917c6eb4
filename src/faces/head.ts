/** The head that every face is a variation of: its vertices, parts, masks and morph targets. */

export const PARTS = [
  'body',
  'clothes',
  'leftEye',
  'rightEye',
  'teeth',
  'tongue',
  'upperLashes',
  'lowerLashes',
] as const;
export type PartName = (typeof PARTS)[number];

/** Regions of the skin and the MPFB2 textures that mark them. */
export const MASKS = { ears: 'ears', eyelids: 'eyelids', lips: 'lips', insideMouth: 'inside-mouth' } as const;
export type MaskName = keyof typeof MASKS;

/** A morph target: offsets (decimetres, three values each) of some vertices. */
export interface Target {
  readonly vertices: Uint16Array;
  readonly offsets: Float32Array;
}

export interface HeadModel {
  /** Resting vertices, three values each: origin midway between the eyes, x to the person's left, y up, z forward. */
  readonly positions: Float32Array;
  readonly parts: Readonly<Record<PartName, Uint32Array>>;
  /** Per vertex, 0-1. */
  readonly masks: Readonly<Record<MaskName, Float32Array>>;
  /** Per vertex: the share of the surroundings that it sees, 0-1. */
  readonly occlusion: Float32Array;
  readonly targets: ReadonlyMap<string, Target>;
}
