import { UserError } from '../runtime/errors.ts';
import { checkpointFlag, defineCommand, text } from './command.ts';
import { catchInterrupts } from './interrupt.ts';
import { terminalReporter } from './reporter.ts';

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'Write a checkpoint as ONNX, TF.js or safetensors, and prove each equal',
  flags: {
    ...checkpointFlag,
    format: {
      choices: ['onnx', 'tfjs', 'safetensors', 'all'] as const,
      default: 'onnx' as const,
      describe: 'What is written',
    },
    precision: {
      choices: ['fp32', 'fp16'] as const,
      default: 'fp32' as const,
      describe: 'Of the stored weights; computation is in fp32',
    },
    network: {
      ...text(
        '--network',
        '`pipeline`, from photo, hole, sketch and l to the result; `G`, all generators; or one network',
      ),
      default: 'pipeline',
    },
    out: text('--out', 'New folder of the export'),
  },
  examples: [
    ['export -- --checkpoint runs/00001-dps --out exports/onnx', 'The whole path as one ONNX file'],
    [
      'export -- --checkpoint runs/00001-dps --format all --precision fp16 --out exports/all',
      'Every format, half the size',
    ],
  ],
  async run({ checkpoint: named, format, precision, network, out }) {
    if (out === undefined) throw new UserError('A flag is missing.', { expected: '--out FOLDER' });
    const { defaultCheckpoint } = await import('../core/choose-checkpoint.ts');
    const { exportModel } = await import('../export/run.ts');
    const { describeProof } = await import('../export/proof.ts');
    const reporter = terminalReporter();
    const signal = catchInterrupts(reporter.warn, 'after the file in progress; nothing will be left');
    const checkpoint = named ?? (await defaultCheckpoint(reporter));
    const formats = format === 'all' ? undefined : [format];
    const { proofs } = await exportModel({ checkpoint, out, formats, precision, network, reporter, signal });
    for (const line of proofs.flatMap(describeProof)) reporter.info(line);
    reporter.info(`Export: ${out} (how to use it: README.md)`);
  },
});
