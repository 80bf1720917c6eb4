import { UserError } from '../runtime/errors.ts';
import { modelFile } from '../runtime/model-file.mjs';
import { checkpointFlag, defineCommand, text, texts, wholeNumber } from './command.ts';
import { catchInterrupts } from './interrupt.ts';
import { joinWorkers } from './join-workers.ts';
import { terminalReporter } from './reporter.ts';

/** As many paths are shown at the end. */
const SHOWN = 12;

export const infer = defineCommand({
  name: 'infer',
  summary: 'Fill holes of photos by sketches, or draw faces from sketches alone',
  flags: {
    ...checkpointFlag,
    image: text('--image', 'Photo, or a folder of photos'),
    mask: text('--mask', 'Mask of the hole, or a folder of masks of the photos’ names'),
    sketch: text('--sketch', 'Sketch, black lines on white, or a folder of sketches'),
    colour: text(
      '--colour',
      'Strokes of colour on nothing (PNG with transparency), or a folder of such; for models that take them',
    ),
    strip: texts('DeepPS’s pictures of photo, sketch and mask side by side, or folders of them'),
    l: text('--l', 'How freely the sketch is taken, from 0 to 1; several with commas (default: 0.5)'),
    'mask-hole': {
      choices: ['white', 'black'] as const,
      default: 'white' as const,
      describe: 'Which parts of the mask are the hole',
    },
    region: {
      choices: ['hole', 'face', 'whole'] as const,
      describe:
        'What the network sees of a photo: the hole’s surroundings, the face, or all (default: hole; with --face the face)',
    },
    face: wholeNumber(
      '--face',
      'Which of several faces it sees, counted from the left (default: the one nearest to the hole)',
    ),
    raw: {
      type: 'boolean',
      default: false,
      describe: 'The network’s own output, not blended into the photo',
    },
    detail: {
      choices: ['on', 'off'] as const,
      default: 'on' as const,
      describe:
        'Whether a result that is enlarged to the photo’s size is sharpened and given the photo’s texture',
    },
    out: text('--out', 'Folder of the results'),
  },
  examples: [
    [
      'infer -- --checkpoint runs/00001-dps --image a.png --mask m.png --sketch s.png --l 0,0.5,1 --out results',
      'One photo',
    ],
    ['infer -- --checkpoint runs/00001-dps --strip strips/ --out results', 'A folder of DeepPS’s inputs'],
  ],
  async run({ checkpoint: named, strip, l, 'mask-hole': maskHole, detail, out, verbose: _, ...rest }) {
    if (out === undefined) throw new UserError('A flag is missing.', { expected: '--out FOLDER' });
    const reporter = terminalReporter();
    const ls = l === undefined ? undefined : parseL(l);
    const model = modelFile(named);
    // TensorFlow is loaded for checkpoints alone.
    const infer = model
      ? (await import('../infer/run-exported.ts')).inferByExport
      : (await joinWorkers(reporter, () => import('../infer/run.ts'))).module.inferPhotos;
    const signal = catchInterrupts(reporter.warn, 'after the picture in progress');
    const choose = async () => {
      const { defaultCheckpoint } = await import('../core/choose-checkpoint.ts');
      return defaultCheckpoint(reporter, (await import('../models/load.ts')).canPredict);
    };
    const checkpoint = model ?? named ?? (await choose());
    const options = {
      ...rest,
      checkpoint,
      strips: strip,
      ls,
      maskHole,
      detail: detail === 'on',
      out,
      reporter,
      signal,
    };
    const files = await infer(options);
    for (const file of files.slice(0, SHOWN)) reporter.info(file);
    if (files.length > SHOWN) reporter.info(`... and ${files.length - SHOWN} more in ${out}`);
    signal.throwIfAborted();
  },
});

/** One l or several, for example `0,0.5,1`. @throws UserError when one is no number in [0, 1], or given twice. */
export function parseL(text: string): number[] {
  const ls = text
    .split(',')
    .map((part) => (/^\s*(\d+\.?\d*|\.\d+)\s*$/.test(part) ? Number(part) : Number.NaN));
  const areRight = ls.every((l) => l >= 0 && l <= 1);
  if (areRight && new Set(ls).size === ls.length) return ls;
  throw new UserError('The value of l is wrong.', {
    where: '--l',
    expected:
      'a number from 0 (the sketch as drawn) to 1 (a rough idea), or different ones with commas, as 0,0.5,1',
    got: text,
  });
}
