import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOfSet } from '../../src/weights/sharded.ts';
import { temporaryFolder } from '../data/support.ts';

const folder = await temporaryFolder();

function put(name: string, content: unknown = ''): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('a set of files', () => {
  it('is all parts of which one is named, in their order', () => {
    const parts = Array.from({ length: 12 }, (_, i) =>
      put(`model-${String(i + 1).padStart(5, '0')}-of-00012.safetensors`),
    );
    for (const part of [parts[0], parts[10]]) expect(filesOfSet(part)).toEqual(parts);
    const two = ['a-00001-of-00002.bin', 'a-00002-of-00002.bin'].map((name) => put(name));
    expect(filesOfSet(two[1])).toEqual(two);
  });

  it('is what an index names, each file once', () => {
    const [one, two] = [put('one.safetensors'), put('two.safetensors')];
    const index = put('model.safetensors.index.json', {
      weight_map: { a: 'two.safetensors', b: 'one.safetensors', c: 'two.safetensors' },
    });
    expect(filesOfSet(index)).toEqual([two, one]);
  });

  it.each([
    'model.safetensors',
    'single-00001-of-00001.safetensors',
    'model-1-of-2.safetensors',
    'model-00001-of-00002.safetensors.part.1',
    'model-00001-of-00002',
    'missing.index.json',
  ])('is not %s', (name) => {
    expect(filesOfSet(join(folder, name))).toBeUndefined();
  });

  it('without some of its files is refused, and they are named', () => {
    const part = put('gap-00003-of-00006.pth');
    expect(() => filesOfSet(part)).toThrow(
      /gap-00003-of-00006\.pth[\s\S]*6 files[\s\S]*5 that are not there: gap-00001-of-00006\.pth, gap-00002-of-00006\.pth, gap-00004-of-00006\.pth\n/,
    );
    expect(() => filesOfSet(part)).toThrow(`put them into ${folder}`);
  });
});

describe('an index is refused', () => {
  put('here.bin');
  it.each<[string, unknown]>([
    ['that is no JSON', '{"weight_map": '],
    ['without places', { metadata: {} }],
    ['of nothing', { weight_map: {} }],
    ['of numbers', { weight_map: { a: 1.5 } }],
    ['of lists', { weight_map: { a: ['here.bin'] } }],
    ['that leads out of its folder', { weight_map: { a: 'here.bin', b: '../here.bin' } }],
    ['of a folder within', { weight_map: { a: 'sub/here.bin' } }],
    ['of the folder above', { weight_map: { a: '..' } }],
  ])('%s', (_, content) => {
    const index = put('bad.index.json', content);
    expect(() => filesOfSet(index)).toThrow(
      /An index of weight files[\s\S]*bad\.index\.json[\s\S]*weight_map/,
    );
  });
});
