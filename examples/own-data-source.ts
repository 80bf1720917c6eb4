/**
 * Trains on files that the program itself finds, here those that a JSON file lists as `{ "id": "path", … }`. Ids must stay
 * the same for good, as the split into training and test photos derives from them.
 *
 *     node --import tsx examples/own-data-source.ts LIST.json
 */
import { readFileSync } from 'node:fs';
import { type OpenedSource, trainRun } from '../src/index.ts';

const list = process.argv[2] ?? 'photos.json';
const photos: Record<string, string> = JSON.parse(readFileSync(list, 'utf8'));
const items = Object.entries(photos).map(([id, path]) => ({ id, path }));
const source: OpenedSource = {
  root: list,
  form: { kind: 'photos', crop: 'centre' },
  items,
  summary: `${items.length} photos of ${list}`,
};

const sets = ['name=own-source', 'training.duration.steps=3'];
const { run, end } = await trainRun({ config: 'configs/smoke-pix2pix.yaml', sets, source });
console.log(`Trained ${end.step} steps on ${source.summary}: ${run.path}`);
