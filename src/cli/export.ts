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
      choices: ['onnx', 'tfjs', 'safetensors', 'all', 'pretrained'] as const,
      default: 'onnx' as const,
      describe: 'What is written; pretrained: the folder in which a model ships',
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
    card: text('--card', 'Of pretrained: what the model card says of data, licences, failures (Markdown)'),
    'max-megabytes': wholeNumber('--max-megabytes', 'Of pretrained: how large it may be (default: 32)'),
    out: text('--out', 'New folder of the export'),
  },
  examples: [
    ['export -- --checkpoint runs/00001-dps --out exports/onnx', 'The whole path as one ONNX file'],
    [
      'export -- --checkpoint runs/00001-dps --format all --precision fp16 --out exports/all',
      'Every format, half the size',
    ],
    [
      'export -- --checkpoint runs/00001-dps --format pretrained --card card.md --out pretrained/faces',
      'A small folder to pass on: --checkpoint faces names it',
    ],
  ],
  async run({ checkpoint: named, format, precision, network, card, 'max-megabytes': maxMegabytes, out }) {
    if (out === undefined) throw new UserError('A flag is missing.', { expected: '--out FOLDER' });
    if (format === 'pretrained' && network !== 'pipeline')
      throw new UserError('A model ships as a whole.', {
        where: '--network',
        got: network,
        fix: 'leave it out',
      });
    if (format !== 'pretrained' && (card ?? maxMegabytes) !== undefined)
      throw new UserError('A flag is for another format.', {
        where: card === undefined ? '--max-megabytes' : '--card',
        expected: '--format pretrained',
        got: `--format ${format}`,
      });
    const { defaultCheckpoint } = await import('../core/choose-checkpoint.ts');
    const { exportModel } = await import('../export/run.ts');
    const { describeProof } = await import('../export/proof.ts');
    const reporter = terminalReporter();
    if (format === 'pretrained') {
      const { exportPretrained } = await import('../export/pretrained.ts');
      const checkpoint = named ?? (await defaultCheckpoint(reporter));
      const options = { checkpoint, out, card, precision, maxMegabytes, reporter };
      for (const line of describeProof(await exportPretrained(options))) reporter.info(line);
      reporter.info(`Model: ${out} (model card: README.md)`);
      return;
    }
    const signal = catchInterrupts(reporter.warn, 'after the file in progress; nothing will be left');
    const checkpoint = named ?? (await defaultCheckpoint(reporter));
    const formats = format === 'all' ? undefined : [format];
    const { proofs } = await exportModel({ checkpoint, out, formats, precision, network, reporter, signal });
    for (const line of proofs.flatMap(describeProof)) reporter.info(line);
    reporter.info(`Export: ${out} (how to use it: README.md)`);
  },
});
