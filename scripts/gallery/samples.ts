/** Makes the pictures of the editor's examples, with which the program comes. */
import { join } from 'node:path';
import sharp from 'sharp';
import { fromRgb, resizeRgb } from '../../src/data/decode.ts';
import { faceAssets } from '../../src/data/sources.ts';
import { holeOfDifference } from '../../src/editor/samples/difference.ts';
import { sampleRecipes, sampleSize } from '../../src/editor/samples/recipes.ts';
import { samples, smallSide } from '../../src/editor/samples/samples.ts';
import { renderPerson } from '../../src/faces/faces.ts';
import { loadHead } from '../../src/faces/load-head.ts';
import { writeFileAtomically } from '../../src/runtime/files.ts';
import type { Reporter } from '../../src/runtime/progress.ts';
import { astronauts, type FindEdges, type Subject, square } from './subjects.ts';

/** @returns the paths of the pictures. */
export async function makeSamples(out: string, findEdges: FindEdges, reporter: Reporter): Promise<string[]> {
  const head = await loadHead({ assetsDir: faceAssets, cacheDir: 'cache' });
  const written: string[] = [];
  const write = async (name: string, bytes: Buffer) => {
    written.push(join(out, name));
    await writeFileAtomically(join(out, name), bytes);
  };
  const drawings: Pick<Subject, 'key' | 'photo' | 'hole' | 'sketch'>[] = await astronauts();
  for (const { key, name, person, edits } of sampleRecipes) {
    reporter.info(name);
    const before = renderPerson(head, person, sampleSize);
    const photo = square(before, sampleSize);
    await write(`${key}.jpg`, await fromRgb(photo).jpeg({ quality: 88, mozjpeg: true }).toBuffer());
    for (const edit of edits) {
      const after = renderPerson(head, edit.change(person), sampleSize, person);
      const hole = holeOfDifference(before, after, sampleSize, edit.area);
      const lines = await findEdges(after);
      const sketch = lines.map((value, i) => (hole[i] ? value : 255));
      drawings.push({ key: `${key}-${edit.key}`, photo, hole, sketch });
    }
  }
  for (const { key, photo, hole, sketch } of drawings) {
    const { view } = samples.find((sample) => sample.key === key)!;
    await write(`${key}-hole.png`, await blackAndWhite(hole, photo.width));
    await write(`${key}-sketch.png`, await blackAndWhite(sketch, photo.width));
    const drawn = photo.data.map((value, i) => (hole[Math.floor(i / 3)] ? sketch[Math.floor(i / 3)] : value));
    const cut = { left: view.x, top: view.y, width: view.size, height: view.size };
    const data = await fromRgb({ ...photo, data: drawn as Buffer })
      .extract(cut)
      .toBuffer();
    const part = { data, width: view.size, height: view.size };
    const small = await resizeRgb(part, smallSide, smallSide);
    const drawnSmall = { data: Buffer.from(small), width: smallSide, height: smallSide };
    await write(
      `${key}-drawn.jpg`,
      await fromRgb(drawnSmall).jpeg({ quality: 85, mozjpeg: true }).toBuffer(),
    );
  }
  return written;
}

const blackAndWhite = (data: Uint8Array, side: number): Promise<Buffer> =>
  sharp(data, { raw: { width: side, height: side, channels: 1 } })
    .toColourspace('b-w')
    .png({ palette: true, colours: 2, compressionLevel: 9 })
    .toBuffer();
