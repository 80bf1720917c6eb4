import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePair } from '../../src/data/pair.ts';
import type { PreparedData, PreparedSample } from '../../src/data/types.ts';
import { stream } from '../../src/runtime/seed.ts';

/** Prepared pairs of noise and a few lines, `count` for training and two each for validation and test. */
export async function makePairs(folder: string, count: number, side = 64): Promise<PreparedData> {
  mkdirSync(folder, { recursive: true });
  const random = stream(1, 'pairs');
  const all: PreparedSample[] = [];
  for (let i = 0; i < count + 4; i++) {
    const photo = Uint8Array.from({ length: side * side * 3 }, () => random.integer(0, 256));
    const sketch = Uint8Array.from({ length: side * side }, (_, p) => (p % (7 + i) === 0 ? 0 : 255));
    const pairPath = join(folder, `${i}.png`);
    writeFileSync(pairPath, await encodePair({ photo, sketch }, side));
    all.push({ id: `${i}.jpg`, pairPath });
  }
  const samples = { validation: all.slice(0, 2), test: all.slice(2, 4), train: all.slice(4) };
  return { resolution: side, folders: [folder], samples, problems: [] };
}
