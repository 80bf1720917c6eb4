import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { aboutModel, failuresIn } from '../../../src/editor/native/about-model.ts';
import type { LoadedMethod } from '../../../src/models/load.ts';
import { tinyConfig } from '../../models/dps/tiny.ts';

const { data, ...rest } = tinyConfig({ task: 'edit', levels: 1 });
const about = (path: string, resolution: number, kinds: readonly string[] = ['faces'], origin?: object[]) =>
  aboutModel({
    path,
    config: { ...rest, name: 'some', resolution, data: { ...data, source: kinds.map((kind) => ({ kind })) } },
    checkpoint: { step: 1800, origin },
  } as unknown as LoadedMethod);

it('is a demonstration where the networks are that small, and knows only whom it has seen', async () => {
  const small = { title: 'some', steps: 1800, kind: 'demonstration', failures: [] };
  expect(await about('runs/1/checkpoints/step-1800', 64)).toEqual({ ...small, knowsDrawnPeopleAlone: true });
  expect(await about('runs/1/checkpoints/step-1800', 256, ['faces', 'folder'])).toEqual({
    ...small,
    kind: 'trained',
    knowsDrawnPeopleAlone: false,
  });
  // Weights of others, of which nobody knows what they have seen.
  expect(await about('runs/1/checkpoints/step-0', 256, ['faces'], [{}])).toMatchObject({
    knowsDrawnPeopleAlone: false,
  });
});

it('ships with a card that says where it fails', async () => {
  const shipped = await about('pretrained/portraits-128', 128);
  expect(shipped.kind).toBe('ships');
  expect(shipped.failures).toEqual(failuresIn(readFileSync('pretrained/portraits-128/README.md', 'utf8')));
  expect(shipped.failures.length).toBeGreaterThan(3);
  expect(shipped.failures[0]).toBe(
    'Fills are soft: hair has no strands, teeth are a bar, eyes often half closed or without a gaze.',
  );
  expect(shipped.failures.join()).not.toMatch(/[`\n]/);
  // Without a card there is nothing to say.
  expect((await about('pretrained/none', 128)).failures).toEqual([]);
});
