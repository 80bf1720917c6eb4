import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findJobs } from '../../src/infer/jobs.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const files = (...names: string[]) => {
  for (const name of names) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), '');
  }
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobs-'));
  files('a.jpg', 'm.png', 's.png', 'c.png', 'colour/b.png', 'colour/in/c.png');
  files('image/b.jpg', 'image/in/c.png', 'image/notes.txt');
  files(
    'mask/b.png',
    'mask/in/c.png',
    'sketch/in/c.webp',
    'sketch/b.png',
    'more/b.png',
    'more/x.png',
    'more/in/c.png',
  );
  files('same/one.png', 'same/one.jpg', 'text/notes.txt');
});
afterAll(() => rmSync(folder, { recursive: true }));

const paths = (...names: [string, string, string]) => {
  const [image, mask, sketch] = names.map(at) as [string, string, string];
  return { image, mask, sketch };
};

describe('jobs of an edit', () => {
  it('are three files, called after the photo', async () => {
    const sources = paths('a.jpg', 'm.png', 's.png');
    expect(await findJobs(sources, 'edit', true)).toEqual([{ kind: 'triple', name: 'a', ...sources }]);
  });

  it('are files of one name in three folders, whatever their extensions', async () => {
    expect(await findJobs(paths('image', 'mask', 'sketch'), 'edit', true)).toEqual([
      { kind: 'triple', name: 'b', ...paths('image/b.jpg', 'mask/b.png', 'sketch/b.png') },
      { kind: 'triple', name: 'in/c', ...paths('image/in/c.png', 'mask/in/c.png', 'sketch/in/c.webp') },
    ]);
  });

  it('take what a source of training takes, and say what is left out', async () => {
    files('all/image/a.tif', 'all/image/b.jfif', 'all/image/c.heic', 'all/image/@eaDir/a.jpg');
    files('all/mask/a.png', 'all/mask/b.avif', 'all/sketch/a.gif', 'all/sketch/b.webp');
    const warnings: string[] = [];
    const reporter = { info: () => {}, warn: (text: string) => void warnings.push(text) };
    const jobs = await findJobs(paths('all/image', 'all/mask', 'all/sketch'), 'edit', true, reporter);
    expect(jobs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('1 file *.heic (convert to JPEG or PNG): c.heic');
    expect(warnings[0]).toContain('1 folder of a system’s own: @eaDir');
  });

  it('name every file without a partner', async () => {
    await expect(findJobs(paths('image', 'more', 'sketch'), 'edit', true)).rejects.toThrow(
      /1 of 3 pictures are incomplete:\n {2}x: no image, no sketch\n/,
    );
  });

  it('have strokes of colour where they are given, for every photo of a folder', async () => {
    const file = { ...paths('a.jpg', 'm.png', 's.png'), colour: at('c.png') };
    expect(await findJobs(file, 'edit', true)).toEqual([{ kind: 'triple', name: 'a', ...file }]);
    const folders = paths('image', 'mask', 'sketch');
    const found = await findJobs({ ...folders, colour: at('colour') }, 'edit', true);
    expect(found.map((job) => job.kind === 'triple' && job.colour)).toEqual(
      ['b', 'in/c'].map((name) => at(`colour/${name}.png`)),
    );
    await expect(findJobs({ ...folders, colour: at('more') }, 'edit', true)).rejects.toThrow(
      /1 of 3 pictures are incomplete:\n {2}x: no image, no mask, no sketch\n[\s\S]*--colour .*more/,
    );
  });

  it('are strips: files and folders of them', async () => {
    expect(await findJobs({ strips: [at('a.jpg'), at('mask')] }, 'edit', true)).toEqual([
      { kind: 'strip', name: 'a', strip: at('a.jpg') },
      { kind: 'strip', name: 'b', strip: at('mask/b.png') },
      { kind: 'strip', name: 'in/c', strip: at('mask/in/c.png') },
    ]);
  });

  it.each([
    ['a photo alone', () => ({ image: at('a.jpg') }), /expected[\s\S]*got: +--image/],
    ['nothing', () => ({}), /got: +none of them/],
    ['strips and a mask', () => ({ strips: [at('a.jpg')], mask: at('m.png') }), /got: +--mask, --strip/],
    [
      'strips and strokes of colour',
      () => ({ strips: [at('a.jpg')], colour: at('c.png') }),
      /got: +--colour, --strip/,
    ],
    [
      'strokes of colour in a file for folders',
      () => ({ ...paths('image', 'mask', 'sketch'), colour: at('c.png') }),
      /mixed[\s\S]*--colour is a file/,
    ],
    ['files and folders', () => paths('image', 'm.png', 'sketch'), /mixed[\s\S]*--mask is a file/],
    [
      'a file that is not there',
      () => paths('none.jpg', 'm.png', 's.png'),
      /--image .*none\.jpg[\s\S]*nothing of that name/,
    ],
    ['a folder without pictures', () => paths('text', 'text', 'text'), /no pictures/],
    ['two files of one name', () => ({ strips: [at('same')] }), /one\.jpg and .*one\.png/],
    ['two strips of one name', () => ({ strips: [at('more/b.png'), at('mask/b.png')] }), /the name b/],
  ])('are not made of %s', async (_, sources, message) => {
    await expect(findJobs(sources(), 'edit', true)).rejects.toThrow(message);
  });
});

describe('jobs of a synthesis', () => {
  it('are sketches', async () => {
    expect(await findJobs({ sketch: at('s.png') }, 'synthesis', true)).toEqual([
      { kind: 'sketch', name: 's', sketch: at('s.png') },
    ]);
    expect(await findJobs({ sketch: at('sketch') }, 'synthesis', true)).toHaveLength(2);
  });

  it('take no strokes of colour', async () => {
    const sources = { sketch: at('s.png'), colour: at('c.png') };
    await expect(findJobs(sources, 'synthesis', true)).rejects.toThrow(/got: +--sketch, --colour/);
  });

  it('take no photos', async () => {
    await expect(findJobs(paths('a.jpg', 'm.png', 's.png'), 'synthesis', true)).rejects.toThrow(
      /from sketches alone/,
    );
  });
});
