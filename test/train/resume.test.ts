import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRunFolder, type RunFolder } from '../../src/core/run-folder.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { DpsConfig } from '../../src/models/dps/config.ts';
import { silent } from '../../src/runtime/progress.ts';
import { train } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';
import { openRun, prepareFolder } from '../../src/train/resume.ts';
import { readDps } from '../config/dps.ts';
import { tinyMethod } from '../models/dps/tiny.ts';
import { makePairs } from './pairs.ts';

/** Steps of the smoke config: F has 4, each phase of the three levels 2. */
const STEPS = 16;
const stageEnds = [4, 6, 8, 10, 12, 14, 16];

let folder: string;
let data: PreparedData;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'resume-'));
  // Seven samples and batches of two and four: an epoch ends in the middle of a stage.
  data = await makePairs(join(folder, 'pairs'), 7);
});
afterAll(() => rmSync(folder, { recursive: true }));

const sets = ['output.samplesEvery=1000', 'output.keepCheckpoints=20'];
const smoke = (task: string): DpsConfig =>
  readDps('configs/smoke.yaml', [...sets, `task=${task}`, 'data.source={kind: celeba-hq, path: test}']);

/** A process's share of a training: a new method, trained until `maxSteps`. */
async function live(run: RunFolder, config: DpsConfig, maxSteps: number, resume: boolean): Promise<void> {
  const method = tinyMethod(config);
  const plan = makePlan(method, data.samples.train.length);
  const opened = resume
    ? await openRun({ target: run.path, runs: folder, sets: [], warn: expect.fail })
    : undefined;
  const from = opened?.from;
  if (from) await prepareFolder(run, config, data.samples.train, from.step, expect.fail);
  await train({ config, method, data, plan, run, reporter: silent, from, maxSteps });
  opened?.unlock();
  method.dispose();
}

/** Trains in one go, or in pieces that end after these steps. */
async function trainInPieces(config: DpsConfig, ends: readonly number[]): Promise<RunFolder> {
  const run = await createRunFolder(join(folder, 'runs'), config);
  for (const [index, end] of ends.entries()) await live(run, config, end, index > 0);
  return run;
}

function expectEqualFiles(a: string, b: string): void {
  expect(readdirSync(b)).toEqual(readdirSync(a));
  for (const name of readdirSync(a)) {
    const equal = readFileSync(join(a, name)).equals(readFileSync(join(b, name)));
    expect(equal, `${name} of ${a} and ${b}`).toBe(true);
  }
}

describe.each([
  ['edit', 'after every step', Array.from({ length: STEPS }, (_, i) => i + 1)],
  ['synthesis', 'in F, between levels and between phases', [3, 8, 14, STEPS]],
])('%s, stopped %s', (task, _, ends) => {
  it('every checkpoint equals that of a training in one go, byte by byte, and the log its log', async () => {
    const config = smoke(task);
    const whole = await trainInPieces(config, [STEPS]);
    const pieces = await trainInPieces(config, ends);
    for (const end of stageEnds)
      expectEqualFiles(join(whole.checkpoints, `step-${end}`), join(pieces.checkpoints, `step-${end}`));
    const logs = [whole, pieces].map(({ log }) =>
      readFileSync(log, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => {
          const { step, stage, stageStep, losses } = JSON.parse(line);
          return { step, stage, stageStep, losses };
        }),
    );
    expect(logs[1]).toEqual(logs[0]);
    expect(logs[1].map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
  });
});
