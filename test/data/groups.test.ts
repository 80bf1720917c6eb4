import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupSamples, requireEverySplit } from '../../src/data/groups.ts';
import { splitSamples } from '../../src/data/split.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { temporaryFolder } from './support.ts';

const folder = await temporaryFolder();
let number = 0;
async function csv(text: string): Promise<string> {
  const path = join(folder, `${number++}.csv`);
  await writeFile(path, text);
  return path;
}
const ids = ['ann/1.jpg', 'ann/2.jpg', 'bob/1.jpg', 'c, d/1.jpg'];
const refuse = { others: 'refuse' } as const;
const byFile = async (text: string, column = 'group') =>
  groupSamples(ids, { file: await csv(text), column, ...refuse });

describe('groups from a file', () => {
  it('are read by the names of columns, whatever else there is', async () => {
    const text =
      'licence,file,person,size\r\nCC0,bob/1.jpg, Bob ,3\r\nCC0,"c, d/1.jpg","She said ""d""",4\r\n\r\n' +
      'CC0,ann/1.jpg,Ann,1\r\nCC0,ann/2.jpg,Ann,2\r\nCC0,not-there.jpg,Zoe,2';
    expect([...(await byFile(`\ufeff${text}`, 'person'))]).toEqual([
      ['ann/1.jpg', 'Ann'],
      ['ann/2.jpg', 'Ann'],
      ['bob/1.jpg', 'Bob'],
      ['c, d/1.jpg', 'She said "d"'],
    ]);
  });

  it('of samples that are missing: an error that names the first, or groups of their own', async () => {
    const text = 'id,group\nann/1.jpg,Ann\nann/2.jpg,Ann\nbob/1.jpg,\n';
    await expect(byFile(text)).rejects.toThrow(
      /missing in the file of groups[\s\S]*\.csv[\s\S]*2 of 4 samples: bob\/1\.jpg, c, d\/1\.jpg\n[\s\S]*others=alone/,
    );
    const groups = await groupSamples(ids, { file: await csv(text), column: 'group', others: 'alone' });
    expect([...groups.values()]).toEqual(['Ann', 'Ann', 'bob/1.jpg', 'c, d/1.jpg']);
  });

  it.each([
    ['', /the columns `id` \(or `file`\) and `group`[\s\S]*an empty file/],
    ['id,person\na,b\n', /`group`[\s\S]*got: *id, person/],
    ['name,group\na,b\n', /`id`[\s\S]*got: *name, group/],
    ['id,group\na,b,c\n', /2 columns in every row[\s\S]*3 in row 2: a, b, c/],
    ['id,group\n"a"b,c\n', /a CSV file[\s\S]*a quote out of place in row 2: "a"b,c/],
    ['id,group\na,"b\n', /a quote out of place in row 2/],
    ['id,group\na,b\na,c\n', /one group for each id[\s\S]*a in b and in c/],
  ])('that cannot be used, %j, is told of', async (text, message) => {
    const error = await byFile(text).catch((e) => e);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
  });

  it('that is not there is told of', async () => {
    const settings = { file: join(folder, 'gone.csv'), column: 'group', ...refuse };
    await expect(groupSamples(ids, settings)).rejects.toThrow(/data\.split\.groups\.file[\s\S]*gone\.csv/);
  });
});

describe('groups by a pattern', () => {
  it('are what its parentheses hold', async () => {
    const groups = await groupSamples(ids, { pattern: '^([^/]+)/', ...refuse });
    expect([...groups.values()]).toEqual(['ann', 'ann', 'bob', 'c, d']);
  });

  it('that does not match: an error that names the first few, or groups of their own', async () => {
    const many = [...ids, ...Array.from({ length: 9 }, (_, i) => `${i}.jpg`)];
    await expect(groupSamples(many, { pattern: '^([a-z]+)/', ...refuse })).rejects.toThrow(
      /none on 10 of 13 ids: c, d\/1\.jpg, 0\.jpg, 1\.jpg, 2\.jpg, 3\.jpg, \.\.\.\n/,
    );
    const groups = await groupSamples(many, { pattern: '^([a-z]+)/', others: 'alone' });
    expect([...groups.values()].slice(0, 5)).toEqual(['ann', 'ann', 'bob', 'c, d/1.jpg', '0.jpg']);
  });
});

describe('a split by groups', () => {
  const shares = { validation: 0.1, test: 0.2 };
  const people = Array.from({ length: 600 }, (_, i) => ({ id: `${i % 150}/${i}.jpg` }));
  const personOf = (id: string) => id.split('/')[0];
  const all = (list: readonly { id: string }[]) => list.map(({ id }) => id);

  it('has each group in one split only, in about the shares, in the order of the samples', () => {
    const split = splitSamples(people, shares, personOf);
    const persons = Object.values(split).map((some) => new Set(all(some).map(personOf)));
    expect(persons.reduce((sum, { size }) => sum + size, 0)).toBe(150);
    expect(new Set(persons.flatMap((some) => [...some])).size).toBe(150);
    expect(Object.values(split).flat()).toHaveLength(600);
    expect(split.test.length / 600).toBeCloseTo(0.2, 0.8);
    expect(split.train).toEqual(people.filter((sample) => split.train.includes(sample)));
  });

  it('hashes the group: a person’s new photos go where the others are', () => {
    const before = splitSamples(people, shares, personOf);
    const added = Array.from({ length: 150 }, (_, i) => ({ id: `${i}/new.jpg` }));
    const after = splitSamples([...people, ...added], shares, personOf);
    for (const name of ['train', 'validation', 'test'] as const) {
      expect(new Set(all(after[name]).map(personOf))).toEqual(new Set(all(before[name]).map(personOf)));
      // As if each person were one sample of that name.
      const alone = splitSamples(
        Array.from({ length: 150 }, (_, i) => ({ id: String(i) })),
        shares,
      );
      expect(new Set(all(before[name]).map(personOf))).toEqual(new Set(all(alone[name])));
    }
  });

  it('that would leave a split empty is refused; where no split is wanted nothing is', () => {
    const two = [...people.slice(0, 30).map(() => 'ann'), 'bob'].map((name, i) => ({ id: `${name}/${i}` }));
    const groups = new Map(two.map(({ id }) => [id, personOf(id)]));
    const split = splitSamples(two, shares, personOf);
    expect(() => requireEverySplit(split, shares, groups)).toThrow(
      /too large[\s\S]*2, the largest, ann, with 30 of 31 samples; empty: validation, test/,
    );
    requireEverySplit(split, { validation: 0, test: 0 }, groups);
    const three = [...two, { id: 'cem/1' }];
    const whole = splitSamples(three, shares, personOf);
    requireEverySplit(whole, shares, new Map(three.map(({ id }) => [id, personOf(id)])));
    expect(Object.values(whole).map((some) => new Set(all(some).map(personOf)).size)).toEqual([1, 1, 1]);
  });
});
