/** Makes the gallery: people and drawings as files, what `infer` makes of them, and pictures of both. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { resolveCheckpoint } from '../../src/core/choose-checkpoint.ts';
import { CAPTIONS } from '../../src/core/vocabulary.ts';
import { type CropFinder, type CropSquare, fromRgb, resizeRgb } from '../../src/data/decode.ts';
import { detectEdges } from '../../src/data/detect-edges.ts';
import { edgeMapToSketch, resizeMap } from '../../src/data/edges.ts';
import { loadFaceCrop } from '../../src/data/face-crop.ts';
import { faceAssets } from '../../src/data/sources.ts';
import { loadHead } from '../../src/faces/load-head.ts';
import type { Raster, Size } from '../../src/infer/raster.ts';
import { chooseRegion } from '../../src/infer/region.ts';
import { inferPhotos } from '../../src/infer/run.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { loadHed } from '../../src/nn/hed.ts';
import { shipped } from '../../src/runtime/command-line.ts';
import { writeFileAtomically } from '../../src/runtime/files.ts';
import type { Reporter } from '../../src/runtime/progress.ts';
import { drawPage, editsPage, stripsPage } from './layout.ts';
import {
  astronauts,
  editOf,
  edits,
  type FindEdges,
  faceOf,
  firstPerson,
  photoSize,
  roughly,
  type Subject,
  type Suits,
  suitsFace,
} from './subjects.ts';

const ls = [0, 0.25, 0.5, 0.75, 1];
/** Lines that are exact need little refinement. */
const editL = 0.25;

interface GalleryOptions {
  readonly checkpoint: string;
  readonly out: string;
  readonly reporter: Reporter;
}

/** @returns the paths of the pictures. @throws UserError when the checkpoint cannot be used. */
export async function makeGallery({ checkpoint, out, reporter }: GalleryOptions): Promise<string[]> {
  // Before anything is rendered.
  const path = await resolveCheckpoint(checkpoint);
  const { rough, edited } = await makeSubjects(reporter);
  const roughShown = await showAll(rough, path, reporter);
  const editedShown = await showAll(edited, path, reporter);
  const pages = {
    'refinement.jpg': stripsPage(
      ['photo, lines', ...ls.map((l) => `l = ${l}`)],
      [CAPTIONS.refinedSketch, CAPTIONS.result],
      roughShown.map(({ given, made }) => [given, ...made]),
    ),
    'edits.jpg': editsPage(
      editedShown.map(({ title, given, made }) => ({
        title,
        pictures: [...given, made[ls.indexOf(editL)][1]],
      })),
    ),
  };
  const written: string[] = [];
  for (const [name, page] of Object.entries(pages)) {
    written.push(join(out, name));
    await writeFileAtomically(join(out, name), await drawPage(page));
  }
  return written;
}

/** Those with rough sketches, and those with an edit's lines. */
async function makeSubjects(reporter: Reporter) {
  const head = await loadHead({ assetsDir: faceAssets, cacheDir: 'cache' });
  const { findEdges, dispose } = await openEdgeFinder();
  const choose = (suits: Suits, what: string) => {
    const { person, index } = firstPerson(suits);
    reporter.info(`${what}: rendered person ${index}`);
    return person;
  };
  try {
    const rendered: Subject[] = [];
    for (const edit of edits)
      rendered.push(await editOf(head, edit, choose(edit.suits, edit.name), findEdges));
    const face = await faceOf(head, choose(suitsFace, 'A face'), findEdges);
    const [lips, glasses] = await astronauts();
    return {
      rough: [roughly(rendered[0], 'smile'), roughly(face, 'face'), lips],
      edited: [...rendered, lips, glasses],
    };
  } finally {
    dispose();
  }
}

/** Finds lines as those of the training of `configs/portraits.yaml` were found. */
export async function openEdgeFinder(): Promise<{ findEdges: FindEdges; dispose(): void }> {
  const { edges } = readConfig(shipped('configs/portraits.yaml'), []).config.data;
  const hed = await loadHed();
  const findEdges: FindEdges = async (data) => {
    const photo = { data: Buffer.from(data), width: photoSize, height: photoSize };
    const [map] = await detectEdges(
      hed,
      [await resizeRgb(photo, edges.size, edges.size)],
      edges.size,
      edges.padding,
    );
    const large = resizeMap(map, edges.size, edges.size, photoSize, photoSize);
    return edgeMapToSketch(large, photoSize, photoSize, edges);
  };
  return { findEdges, dispose: () => hed.dispose() };
}

/** A subject as PNG pictures. */
interface Shown {
  readonly title: string;
  /** The photo, and the photo with the drawing in the hole. */
  readonly given: readonly [Buffer, Buffer];
  /** For each l S_gen in the hole, and I_out. */
  readonly made: readonly (readonly [Buffer, Buffer])[];
}

/** What `infer` makes of the subjects. @throws UserError when the checkpoint cannot be used. */
export async function showAll(
  subjects: readonly Subject[],
  checkpoint: string,
  reporter: Reporter,
): Promise<Shown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gallery-'));
  try {
    const [image, mask, sketch] = ['image', 'mask', 'sketch'].map((name) => join(folder, name));
    for (const path of [image, mask, sketch]) await mkdir(path);
    for (const { key, photo, hole, sketch: lines } of subjects) {
      await writeFile(join(image, `${key}.png`), await fromRgb(photo).png().toBuffer());
      await writeFile(join(mask, `${key}.png`), await greyPng(hole, photo));
      await writeFile(join(sketch, `${key}.png`), await greyPng(lines, photo));
    }
    await inferPhotos({ checkpoint, image, mask, sketch, ls, region: 'face', out: folder, reporter });
    const findFace = await loadFaceCrop();
    return await Promise.all(subjects.map((subject) => show(subject, folder, findFace)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const greyPng = (data: Uint8Array, { width, height }: Size): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();

/** How far the photo is whitened around a refined sketch. */
const FADED = 0.6;

/** @param folder of what was made. */
async function show(
  { key, title, photo, hole, sketch, view }: Subject,
  folder: string,
  findFace: CropFinder,
): Promise<Shown> {
  const { width, height } = photo;
  const cut = { left: view.x, top: view.y, width: view.size, height: view.size };
  const cutPng = (data: Buffer) => fromRgb({ data, width, height }).extract(cut).png().toBuffer();
  /** The photo, whitened by a share, with a drawing [h, w] in the hole. */
  const drawn = (drawing: Uint8Array, whitened: number) =>
    photo.data.map((value, i) => {
      const pixel = Math.floor(i / 3);
      return hole[pixel] ? drawing[pixel] : value + whitened * (255 - value);
    }) as Buffer;
  const face = await findFace(photo);
  const made: [Buffer, Buffer][] = [];
  for (const l of ls) {
    const refined = await wholeSketch(
      join(folder, `${key}-SGEN-l${l}.png`),
      { data: hole, width, height },
      face,
    );
    const result = sharp(join(folder, `${key}-IOUT-l${l}.png`)).extract(cut);
    made.push([await cutPng(drawn(refined, FADED)), await result.png().toBuffer()]);
  }
  return { title, given: [await cutPng(photo.data), await cutPng(drawn(sketch, 0))], made };
}

/** A refined sketch [h, w] in its place in the photo; the file has the face, at the network's resolution. */
async function wholeSketch(file: string, hole: Raster, { left, top, side }: CropSquare): Promise<Uint8Array> {
  const { width: resolution } = await sharp(file).metadata();
  const { x, y, size } = chooseRegion('face', hole, resolution, { x: left, y: top, size: side });
  const part = await sharp(file).resize(size, size).toColourspace('b-w').raw().toBuffer();
  const whole = new Uint8Array(hole.width * hole.height).fill(255);
  // The face's square may reach over the photo's border.
  for (let row = Math.max(0, y); row < Math.min(hole.height, y + size); row++)
    for (let column = Math.max(0, x); column < Math.min(hole.width, x + size); column++)
      whole[row * hole.width + column] = part[(row - y) * size + column - x];
  return whole;
}
