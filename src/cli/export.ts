import { commandLine } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { checkpointFlag, defineCommand, text, wholeNumber } from './command.ts';
import { catchInterrupts } from './interrupt.ts';
import { terminalReporter } from './reporter.ts';

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'Write a checkpoint as ONNX, TF.js or safetensors, and prove each equal',
  flags: {
    ...checkpointFlag,
    format: {
      choices: ['onnx', 'onnx-photo', 'tfjs', 'safetensors', 'all', 'pretrained', 'huggingface'] as const,
      default: 'onnx' as const,
      describe:
        'What is written; onnx-photo: ONNX that takes photos of any size; pretrained: the folder in which a model ships; huggingface: what `push` uploads',
    },
    precision: {
      choices: ['fp32', 'fp16'] as const,
      defaultDescription: 'fp32, of pretrained fp16',
      describe: 'Of the stored weights; computation is in fp32',
    },
    network: {
      ...text(
        '--network',
        '`pipeline`, from photo, hole, sketch and l to the result; `G`, all generators; or one network',
      ),
      default: 'pipeline',
    },
    card: text(
      '--card',
      'Of pretrained and huggingface: what the card says of data, licences, failures (Markdown)',
    ),
    license: text(
      '--license',
      'Of huggingface: the weights’ licence, as the hub calls it (default: unknown)',
    ),
    evaluation: text(
      '--evaluation',
      'Of huggingface: metrics.json of an evaluation, for the card (default: what the checkpoint holds)',
    ),
    'max-megabytes': wholeNumber('--max-megabytes', 'Of pretrained: how large it may be (default: 32)'),
    out: text('--out', 'New folder of the export'),
  },
  examples: [
    ['export -- --checkpoint runs/00001-dps --out exports/onnx', 'The whole path as one ONNX file'],
    [
      'export -- --checkpoint runs/00001-dps --format onnx-photo --out exports/photo',
      'ONNX from a photo’s bytes to the finished photo’s',
    ],
    [
      'export -- --checkpoint runs/00001-dps --format all --precision fp16 --out exports/all',
      'Every format, half the size',
    ],
    [
      'export -- --checkpoint runs/00001-dps --format pretrained --card card.md --out pretrained/faces',
      'A small folder to pass on: --checkpoint faces names it',
    ],
    [
      'export -- --checkpoint runs/00001-dps --format huggingface --license cc-by-4.0 --out exports/faces',
      'A model for the Hugging Face Hub',
    ],
  ],
  async run(values) {
    const { checkpoint: named, format, precision, network, card, license, evaluation, out } = values;
    const maxMegabytes = values['max-megabytes'];
    if (out === undefined) throw new UserError('A flag is missing.', { expected: '--out FOLDER' });
    const ships = format === 'pretrained' || format === 'huggingface';
    if (ships && network !== 'pipeline')
      throw new UserError('A model ships as a whole.', {
        where: '--network',
        got: network,
        fix: 'leave it out',
      });
    const misplaced = [
      ['card', 'pretrained', ships],
      ['max-megabytes', 'pretrained', format === 'pretrained'],
      ['license', 'huggingface', format === 'huggingface'],
      ['evaluation', 'huggingface', format === 'huggingface'],
    ] as const;
    for (const [flag, wanted, fits] of misplaced)
      if (values[flag] !== undefined && !fits)
        throw new UserError('A flag is for another format.', {
          where: `--${flag}`,
          expected: `--format ${wanted}`,
          got: `--format ${format}`,
        });
    const { defaultCheckpoint } = await import('../core/choose-checkpoint.ts');
    const { exportModel } = await import('../export/run.ts');
    const { canPredict } = await import('../models/load.ts');
    const { describeProof } = await import('../export/proof.ts');
    const reporter = terminalReporter();
    if (format === 'pretrained') {
      const { exportPretrained } = await import('../export/pretrained.ts');
      const checkpoint = named ?? (await defaultCheckpoint(reporter, canPredict));
      const options = { checkpoint, out, card, precision, maxMegabytes, reporter };
      for (const line of describeProof(await exportPretrained(options))) reporter.info(line);
      reporter.info(`Model: ${out} (model card: README.md)`);
      return;
    }
    const signal = catchInterrupts(reporter.warn, 'after the file in progress; nothing will be left');
    // One network may be wanted before the others are trained.
    const checkpoint =
      named ?? (await defaultCheckpoint(reporter, network === 'pipeline' ? canPredict : async () => true));
    if (format === 'huggingface') {
      const { exportHuggingFace } = await import('../export/huggingface.ts');
      const options = { checkpoint, out, precision, card, license, evaluation, reporter, signal };
      const { proofs } = await exportHuggingFace(options);
      for (const line of proofs.flatMap(describeProof)) reporter.info(line);
      reporter.info(
        `Export: ${out} (to upload it: ${commandLine('push', '--folder', out, '--to', 'USER/NAME')})`,
      );
      return;
    }
    const formats = format === 'all' ? undefined : [format];
    const { proofs } = await exportModel({ checkpoint, out, formats, precision, network, reporter, signal });
    for (const line of proofs.flatMap(describeProof)) reporter.info(line);
    reporter.info(`Export: ${out} (how to use it: README.md)`);
  },
});
