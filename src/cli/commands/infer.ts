import { UserError } from '../../runtime/errors.ts';
import { defineCommand } from '../command.ts';
import { text, texts } from '../flags.ts';
import { terminalReporter } from '../reporter.ts';

export const infer = defineCommand({
  name: 'infer',
  summary: 'Fill holes of photos by sketches, or draw faces from sketches alone',
  flags: {
    checkpoint: text('--checkpoint', 'Run or checkpoint'),
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
      default: 'hole' as const,
      describe: 'What the network sees of a photo: the hole’s surroundings, the face, or all',
    },
    raw: {
      type: 'boolean',
      default: false,
      describe: 'The network’s own output, not blended into the photo',
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
  async run({ checkpoint, strip, l, 'mask-hole': maskHole, out, verbose: _, ...rest }) {
    if (checkpoint === undefined || out === undefined)
      throw new UserError('A flag is missing.', { expected: '--checkpoint RUN and --out FOLDER' });
    const { inferCommand } = await import('../infer.ts');
    await inferCommand({
      ...rest,
      checkpoint,
      strips: strip,
      l,
      maskHole,
      out,
      reporter: terminalReporter(),
    });
  },
});
