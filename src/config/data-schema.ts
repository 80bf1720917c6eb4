/** The part of the configuration that says where photos come from and what is made of them. */
import { z } from 'zod';

const source = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('faces').describe('The built-in set: rendered faces, made once and cached.'),
      count: z.int().min(10).max(1_000_000).default(2000).describe('How many faces to render.'),
      seed: z.int().min(0).default(1).describe('Seed of the set: another seed, other people.'),
    }),
    z.strictObject({
      kind: z.literal('folder').describe('Any tree of JPEG, PNG or WebP images.'),
      path: z.string().min(1).describe('Folder; relative paths start at the working directory.'),
      crop: z
        .enum(['centre', 'face'])
        .default('centre')
        .describe(
          'What to cut from each photo: its central square, or the largest face, framed as in CelebA-HQ.',
        ),
      limit: z.int().min(1).optional().describe('Use only the first N images in order of their paths.'),
    }),
    z.strictObject({
      kind: z
        .literal('celeba-hq')
        .describe('CelebA-HQ in a form in which people have it; the form is recognised.'),
      path: z
        .string()
        .min(1)
        .describe(
          "CelebAMask-HQ's folder, a folder of square images, or of DeepPS's own pairs (photo | sketch).",
        ),
      sketchFirst: z.boolean().default(false).describe('Pairs are sketch | photo (the original’s --AtoB).'),
      limit: z.int().min(1).optional().describe('Use only the first N images in order of their paths.'),
    }),
  ])
  .describe('Where photos come from.');

/** Shapes of random holes. */
export const holeKinds = ['rectangle', 'free-form', 'box', 'thin', 'medium', 'thick'] as const;
export type HoleKind = (typeof holeKinds)[number];

const holes = z
  .strictObject({
    kinds: z
      .array(z.enum(holeKinds))
      .min(1)
      .default(['rectangle'])
      .describe(
        'Shapes of the random hole masks: rotated rectangles (the original), free-form strokes, upright boxes, and the thin, medium and thick strokes of LaMa’s evaluation.',
      ),
  })
  .prefault({});

export const dataSchema = z.strictObject({
  source,
  cache: z.string().min(1).default('cache').describe('Folder for rendered faces, crops and edge maps.'),
  split: z
    .strictObject({
      validation: z.number().min(0).max(0.5).default(0.02).describe('Share of samples for validation.'),
      test: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.05)
        .describe('Share of samples held out for the final table.'),
    })
    .prefault({})
    .describe('Samples are split by a hash of their id, so adding files moves none between splits.'),
  edges: z
    .strictObject({
      threshold: z
        .number()
        .gt(0)
        .lt(1)
        .default(25 / 255)
        .describe('Edge probability above which a pixel can be a line.'),
      minimumSize: z.int().min(0).default(5).describe('Connected lines of fewer pixels are removed.'),
      size: z
        .int()
        .min(64)
        .max(1024)
        .default(256)
        .describe(
          'Side at which HED sees the photo, px; its edge map is then resized to `resolution`. Much below 192 eyes and mouths are lost.',
        ),
      padding: z
        .int()
        .min(0)
        .max(512)
        .default(128)
        .describe(
          'Reflection padding around the photo for HED, px (of `size`). 16 gives nearly the same lines, faster.',
        ),
    })
    .prefault({})
    .describe('Sketches: HED edge maps, thinned to lines of one pixel.'),
  holes,
  ahead: z.int().min(1).max(64).default(4).describe('Batches kept decoded ahead of training.'),
});
