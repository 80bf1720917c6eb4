/** An editor on a checkpoint of narrow networks with random weights, in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunConfig } from '../../src/config/run-config.ts';
import { startEditor } from '../../src/editor/editor.ts';
import { createMethod } from '../../src/models/registry.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { saveMethod } from '../models/save.ts';
import { tinyScFegan, tinyScFeganConfig } from '../models/scfegan/tiny.ts';

export interface TinyEditor {
  readonly url: string;
  readonly config: RunConfig;
  readonly checkpoint: string;
  readonly others: readonly string[];
  readonly folder: string;
  readonly apiToken: string | undefined;
  close(): Promise<void>;
}

export async function tinyCheckpoint(folder: string, task: 'edit' | 'synthesis' = 'edit') {
  const { data, model, ...rest } = tinyConfig({ task, levels: 1 });
  // A small photo for the edge detector, which is the largest network by far.
  const edges = { ...data.edges, size: 64, padding: 16 };
  const config: RunConfig = {
    ...rest,
    data: { ...data, edges, cache: join(folder, 'cache') },
    model: { ...model, width: 4, imageGenerator: { ...model.imageGenerator, width: 4 } },
  };
  const method = createMethod(config);
  try {
    const checkpoint = await saveMethod(join(folder, 'run'), method, config, Object.keys(method.networks), 1);
    return { config, checkpoint };
  } finally {
    method.dispose();
  }
}

/** Of a model that takes strokes of colour and has no l. */
export async function tinyColourCheckpoint(folder: string) {
  const { data, ...rest } = tinyScFeganConfig();
  const edges = { ...data.edges, size: 64, padding: 16 };
  const config = { ...rest, data: { ...data, edges, cache: join(folder, 'cache') } };
  const method = tinyScFegan(config);
  try {
    const trained = Object.keys(method.networks);
    const checkpoint = await saveMethod(join(folder, 'run'), method, config, trained, 1);
    return { config, checkpoint };
  } finally {
    method.dispose();
  }
}

interface Made {
  readonly config: RunConfig;
  readonly checkpoint: string;
  /** Of further models. */
  readonly others?: readonly string[];
}

/** Of both. */
export async function tinyCheckpoints(folder: string): Promise<Made> {
  const other = await tinyColourCheckpoint(join(folder, 'colour'));
  return { ...(await tinyCheckpoint(folder)), others: [other.checkpoint] };
}

/**
 * @param makeCheckpoint in a folder: what the editor runs.
 * @param served where it listens.
 */
export async function tinyEditor(
  makeCheckpoint: (folder: string) => Promise<Made> = tinyCheckpoint,
  served: { host: string; allowedHosts?: string[]; apiToken?: string } = { host: '127.0.0.1' },
): Promise<TinyEditor> {
  const folder = mkdtempSync(join(tmpdir(), 'editor-'));
  const { config, checkpoint, others = [] } = await makeCheckpoint(folder);
  const editor = await startEditor({
    checkpoints: [checkpoint, ...others],
    ...served,
    port: 0,
    reporter: silent,
  });
  return {
    url: editor.url,
    config,
    checkpoint,
    others,
    folder,
    apiToken: editor.apiToken,
    async close() {
      await editor.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
