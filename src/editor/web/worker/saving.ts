/** What can be saved of an edit, as files. */
import { patched } from '../../../infer/blend.ts';
import type { Raster } from '../../../infer/raster.ts';
import type { ModelDescription } from '../../wire.ts';
import type { OpenEdit } from './edit.ts';
import { encodeProject } from './files.ts';
import { encodePng, markPng } from './png.ts';
import type { Patch } from './results.ts';

export type Saveable = 'result' | 'hole' | 'sketch' | 'colour' | 'project';

const suffixes: Record<Saveable, string> = {
  result: '-edited.png',
  hole: '-mask.png',
  sketch: '-sketch.png',
  colour: '-colour.png',
  project: '.project.json',
};

/** What a file is called that is saved of an edit. @param name of the edit */
export const fileName = (what: Saveable, name: string): string =>
  `${name.replace(/(\.project)?\.\w{1,5}$/, '') || 'photo'}${suffixes[what]}`;

/** The photo with a result, as a PNG file that says so. */
export async function encodeResult(
  { edit, rect, pixels, l }: Patch,
  { name, controls }: ModelDescription,
): Promise<Blob> {
  const png = await encodePng({ ...edit.photo, data: patched(edit.photo, rect, pixels) });
  return markPng(png, { made: 'part', model: name, l: controls.includes('l') ? l : undefined });
}

/** A layer of the drawing or all of the edit. @param name of the edit */
export async function encodeEdit(
  what: Exclude<Saveable, 'result'>,
  edit: OpenEdit,
  name: string,
): Promise<Blob> {
  const { source: photo, hole, sketch, strokes, l } = edit;
  switch (what) {
    case 'hole':
      return encodePng(hole);
    case 'sketch':
      return encodePng(sketch);
    case 'colour':
      return encodePng(strokes ?? transparent(edit.photo));
    case 'project': {
      const files = { hole: await encodePng(hole), sketch: await encodePng(sketch) };
      return encodeProject({ name, photo, ...files, colour: strokes && (await encodePng(strokes)), l });
    }
  }
}

const transparent = ({ width, height }: Raster): Raster => ({
  width,
  height,
  data: new Uint8ClampedArray(4 * width * height),
});
