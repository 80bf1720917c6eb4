import { expect, it } from 'vitest';
import { readConfig } from '../../src/models/read-config.ts';
import { describeWork } from '../../src/train/same-work.ts';

const sample = (id: string, key?: string) => ({ id, pairPath: `/cache/${id}.png`, ...(key && { key }) });
const samples = [sample('a', '1'), sample('b')];
const work = (sets: string[] = [], of = samples, more = {}) =>
  describeWork(readConfig('configs/smoke.yaml', sets).config, of, more);

it('work is the same where only places of files differ', () => {
  const places = ['data.cache=/elsewhere', 'data.ahead=7', 'data.exclude=list.txt'];
  expect(work(places)).toEqual(work());
  const folder = ['data.source.kind=folder'];
  expect(work([...folder, 'data.source.path=/a'])).toEqual(work([...folder, 'data.source.path=/b']));
  expect(work([], [{ ...samples[0], pairPath: '/elsewhere' }, samples[1]])).toEqual(work());
});

it('work differs with the program, the samples, the configuration and what else is given', () => {
  const own = work([], samples, { 'the steps': 5 });
  expect(own).toMatchObject({
    'the program': expect.stringMatching(/^[0-9a-f]+$/),
    'the training samples': expect.stringMatching(/^2, [0-9a-f]{12}$/),
    'the steps': '5',
    'training.levels.1.batch': '2',
  });
  const numbers = [
    samples.toReversed(),
    [samples[0]],
    [sample('a', '2'), samples[1]],
    [sample('a1'), samples[1]],
  ].map((of) => work([], of)['the training samples']);
  expect(new Set([own['the training samples'], ...numbers]).size).toBe(5);
  expect(work(['seed=2'])).not.toEqual(work());
});
