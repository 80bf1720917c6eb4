/** From soft edges to a drawing of thin lines, as pix2pix's PostprocessHED does it in MATLAB. */
import { removeSmallComponents } from './components.ts';
import { suppressNonMaxima } from './nms.ts';
import { thin } from './thin.ts';

export interface LineSettings {
  /** Edge probability above which a pixel can be a line. */
  readonly threshold: number;
  /** Connected lines of fewer pixels are removed. */
  readonly minimumSize: number;
}

/**
 * Edge probabilities [h, w] to a sketch of bytes [h, w], 0 = line and 255 = paper: non-maximum suppression,
 * threshold, thinning, small components removed.
 */
export function edgeMapToSketch(
  probabilities: Float32Array,
  height: number,
  width: number,
  settings: LineSettings,
): Uint8Array {
  return linesToSketch(suppressNonMaxima(probabilities, height, width), height, width, settings);
}

/** The same without suppression, for maps that are drawings already. */
export function linesToSketch(
  strengths: Float32Array,
  height: number,
  width: number,
  { threshold, minimumSize }: LineSettings,
): Uint8Array {
  const binary = new Uint8Array(strengths.length);
  for (let i = 0; i < binary.length; i++) binary[i] = strengths[i] >= threshold ? 1 : 0;
  const lines = removeSmallComponents(thin(binary, height, width), height, width, minimumSize);
  return lines.map((line) => (line ? 0 : 255));
}
