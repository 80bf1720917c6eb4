import type { Imported } from '../import/import.ts';
import { commandLine } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { defineCommand, text, texts } from './command.ts';
import { terminalReporter } from './reporter.ts';

export const importCommand = defineCommand({
  name: 'import',
  summary: 'Make a checkpoint of released weights, or bring in a network that losses and metrics use',
  flags: {
    from: texts(
      'Files of weights: PyTorch (.ckpt, .pth), .safetensors, Keras (.h5, .keras), a TensorFlow.js layers model by its model.json, or a TensorFlow 1 checkpoint by its .index file or its folder',
    ),
    as: text(
      '--as',
      'What the files are, where their names do not tell: G128, or one name for each, G64,G128',
    ),
    params: text(
      '--params',
      'Which weights to take from files that hold them twice: params, params_ema, ... (default: the averaged ones)',
    ),
    out: text('--out', 'Folder of the checkpoint; a .safetensors file for networks of losses and metrics'),
  },
  examples: [
    [
      'import -- --from ECCV-EDT-celebaHQ-*.ckpt --out runs/released',
      'DeepPS’s released networks as a checkpoint',
    ],
    ['import -- --from release_celebahq_256 --out runs/deepfillv2', 'DeepFillv2’s, by their folder'],
    ['import -- --from vgg19-dcbb9e9d.pth --out weights/vgg19.safetensors', 'For the perceptual loss'],
  ],
  async run({ from, as, params, out }) {
    if (!from) throw new UserError('What is to be imported?', { expected: '--from FILE, at least one' });
    if (out === undefined)
      throw new UserError('Where is it to be written?', {
        expected: '--out FOLDER for checkpoints, --out FILE.safetensors for networks of losses and metrics',
      });
    const { importWeights } = await import('../import/import.ts');
    const reporter = terminalReporter();
    const imported = await importWeights({ from, names: as?.split(','), params, out, reporter });
    for (const line of describeImport(imported, out)) reporter.info(line);
  },
});

/** What became of the files. */
export function describeImport(imported: Imported, out: string): string[] {
  if (imported.kind === 'file')
    return [`Imported ${imported.description}: ${out}`, `It is for ${imported.use}`];
  const { path, description, trained, untrained, fineTune } = imported.checkpoint;
  return [
    `Recognised ${description}: ${trained.join(', ')}`,
    ...(untrained.length > 0
      ? [`No file gave ${untrained.join(', ')}: not trained, as the seed initialises them`]
      : []),
    `Checkpoint: ${path}`,
    `To train on from it: ${commandLine('train', '--config', fineTune, '--set', 'data.source.path=FOLDER')}`,
  ];
}
