import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { showAll } from '../../scripts/gallery/gallery.ts';
import { cell, drawPage, editsPage, stripsPage } from '../../scripts/gallery/layout.ts';
import {
  astronauts,
  editOf,
  edits,
  faceOf,
  firstPerson,
  roughly,
  type Subject,
  suitsFace,
} from '../../scripts/gallery/subjects.ts';
import { textWidth } from '../../src/data/picture-grid.ts';
import { loadHead } from '../../src/faces/load-head.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyCheckpoint } from '../editor/tiny-editor.ts';
import { assetsDir, hasAssets, skipNote } from '../faces/assets.ts';

const folder = mkdtempSync(join(tmpdir(), 'gallery-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How many pixels are lines, and how many of them outside the hole. */
function countLines({ sketch, hole }: Subject) {
  let [lines, outside] = [0, 0];
  for (const [i, value] of sketch.entries()) {
    if (value !== 0) continue;
    lines += 1;
    if (!hole[i]) outside += 1;
  }
  return { lines, outside };
}

describe('the people of the gallery', () => {
  it('are numbers that no training reaches, one for each edit', () => {
    const found = [...edits.map(({ suits }) => suits), suitsFace].map(firstPerson);
    const numbers = found.map(({ index }) => index);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(1_000_000);
    expect(new Set(numbers).size).toBe(numbers.length);
    const tones = found.map(({ person }) => person.skin.tone);
    expect([Math.min(...tones) < 0.2, Math.max(...tones) > 0.6]).toEqual([true, true]);
  });

  it.skipIf(!hasAssets)(`have the lines of an edit inside its hole alone${skipNote}`, async () => {
    const head = await loadHead({ assetsDir, cacheDir: folder });
    const smile = edits[0];
    const { person } = firstPerson(smile.suits);
    // Lines everywhere fill the hole.
    const full = await editOf(head, smile, person, async (photo) => new Uint8Array(photo.length / 3));
    expect(full.sketch).toEqual(full.hole.map((value) => 255 - value));
    const share = countLines(full).lines / full.hole.length;
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.1);
    const face = await faceOf(head, person, async (photo) => new Uint8Array(photo.length / 3).fill(255));
    expect(countLines(face).lines).toBe(0);
    // The photo is of the person as they are.
    expect(face.photo.data.equals(full.photo.data)).toBe(true);
  });

  it('have the lines of a hand inside the hole alone', async () => {
    for (const drawn of await astronauts()) {
      const { lines, outside } = countLines(drawn);
      expect([lines > 50, outside], drawn.key).toEqual([true, 0]);
      const shaken = roughly(drawn, 'test');
      expect(countLines(shaken).outside).toBe(0);
      expect(shaken.sketch).not.toEqual(drawn.sketch);
      expect(roughly(drawn, 'test').sketch).toEqual(shaken.sketch);
    }
  });
});

describe('what is shown', () => {
  it('is what infer makes of the drawing, changed in the hole alone', async () => {
    const { checkpoint } = await tinyCheckpoint(folder);
    const [lips] = await astronauts();
    const [{ given, made }] = await showAll([lips], checkpoint, silent);
    const pixels = (png: Buffer) => sharp(png).removeAlpha().raw().toBuffer();
    const [photo, drawing] = await Promise.all(given.map(pixels));
    const { x, y, size } = lips.view;
    expect(photo.length).toBe(3 * size * size);
    for (const picture of [drawing, ...(await Promise.all(made.map(([, result]) => pixels(result))))]) {
      let [inside, outside] = [0, 0];
      for (let i = 0; i < photo.length; i++) {
        if (picture[i] === photo[i]) continue;
        const pixel = Math.floor(i / 3);
        const place = (y + Math.floor(pixel / size)) * lips.photo.width + x + (pixel % size);
        if (lips.hole[place]) inside += 1;
        else outside += 1;
      }
      expect(outside).toBe(0);
      expect(inside).toBeGreaterThan(100);
    }
    // Refined sketches differ with l, which the network is given.
    expect(made.length).toBe(5);
    expect(made[0][0].equals(made[4][0])).toBe(false);
  });
});

describe('pages', () => {
  const input = Buffer.alloc(0);
  const pages = {
    edits: editsPage(
      ['A smile', 'A fringe', 'Glasses'].map((title) => ({ title, pictures: [input, input, input] })),
    ),
    strips: stripsPage(
      ['photo, lines', 'l = 0', 'l = 0.5', 'l = 1'],
      ['S_gen', 'I_out'],
      [1, 2].map(() => [0, 1, 2, 3].map(() => [input, input] as const)),
    ),
  };

  it.each(Object.entries(pages))(
    'of %s show all without overlaps',
    (_, { width, height, pictures, texts }) => {
      const boxes = [
        ...pictures.map(({ left, top }) => ({ left, top, right: left + cell, bottom: top + cell })),
        ...texts.map(({ text, x, y, size, turn }) => {
          const long = textWidth(text) * size;
          return turn
            ? { left: x, top: y - long, right: x + 8 * size, bottom: y }
            : { left: x, top: y, right: x + long, bottom: y + 8 * size };
        }),
      ];
      for (const [i, box] of boxes.entries()) {
        expect([box.left >= 0, box.top >= 0, box.right <= width, box.bottom <= height]).not.toContain(false);
        for (const other of boxes.slice(i + 1)) {
          const apart =
            other.left >= box.right ||
            other.right <= box.left ||
            other.top >= box.bottom ||
            other.bottom <= box.top;
          expect(apart, `${JSON.stringify(box)} and ${JSON.stringify(other)}`).toBe(true);
        }
      }
    },
  );

  it('are JPEG files of their size', async () => {
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#a00' } })
      .png()
      .toBuffer();
    const page = editsPage([{ title: 'A smile', pictures: [png, png, png] }]);
    const { format, width, height } = await sharp(await drawPage(page)).metadata();
    expect({ format, width, height }).toEqual({ format: 'jpeg', width: page.width, height: page.height });
  });
});
