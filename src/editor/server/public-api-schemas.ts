/** What the API for other programs takes and answers: schemas that check requests, and of which its document is made. */
import { z } from '@hono/zod-openapi';
import { READ_FORMATS } from '../../data/pictures.ts';
import { MAXIMUM_PIXELS } from '../../infer/read.ts';
import { problemType } from './server.ts';

/** Of a request's body, bytes. */
export const MAXIMUM_BODY = 64 * 2 ** 20;

/** What each field of an edit is: for the document, and for whoever gets it wrong. */
export const FIELDS = {
  photo: `the photo: a ${READ_FORMATS} file of at most ${MAXIMUM_PIXELS / 1e6} megapixels`,
  mask: 'a picture of the photo’s shape, white where the photo is to change and black elsewhere',
  sketch:
    'a picture of the photo’s shape, dark lines on light paper or on nothing; without it there are no lines',
  colour: 'strokes of colour on nothing (PNG or WebP with transparency)',
  l: 'a number from 0 (the lines as they are drawn) to 1 (a rough idea of the shape); 0.5 by default',
  maskHole: 'white or black: which parts of the mask are the hole; white by default',
  region:
    'hole, face or whole: what the network sees of the photo; hole by default, face where a face is chosen',
  face: 'which of several faces the network sees: a whole number, 1 for the one on the left; by default the one whose middle is nearest to the hole’s middle',
  model: 'the name of one of the models, where the server has several; the first by default',
  detail:
    'true or false: whether a result that is enlarged to the photo’s size is sharpened and given the photo’s texture; true by default',
  refinedSketch: 'true or false: whether S_gen is wanted too, in an answer of JSON; false by default',
};
export type Field = keyof typeof FIELDS;

const about = (name: Field) => ({ description: FIELDS[name] });
export const choices = {
  l: z.number().min(0).max(1).optional().openapi(about('l')),
  maskHole: z.enum(['white', 'black']).default('white').openapi(about('maskHole')),
  region: z.enum(['hole', 'face', 'whole']).optional().openapi(about('region')),
  face: z.int().min(1).optional().openapi(about('face')),
  model: z.string().optional().openapi(about('model')),
  detail: z.boolean().default(true).openapi(about('detail')),
  refinedSketch: z.boolean().default(false).openapi(about('refinedSketch')),
};

/** The fields of an edit. @param file what a picture is in that kind of body */
const fieldsOf = <T extends z.ZodType>(file: (name: Field) => T) => ({
  photo: file('photo'),
  mask: file('mask'),
  sketch: file('sketch').optional(),
  colour: file('colour').optional(),
  ...choices,
});

const text = (name: Field) =>
  z
    .base64()
    .min(1)
    .transform((encoded): Uint8Array => Buffer.from(encoded, 'base64'))
    .openapi({ type: 'string', format: 'byte', ...about(name) });
export const jsonBody = z.strictObject(fieldsOf(text));

const file = (name: Field) =>
  z
    .instanceof(File)
    .refine(({ size }) => size > 0)
    .transform(async (blob) => new Uint8Array(await blob.arrayBuffer()))
    .openapi({ type: 'string', format: 'binary', ...about(name) });
/** A form has texts in place of numbers, true and false. */
const parsed = (value: unknown): unknown => {
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
};
export const formBody = z.strictObject({
  ...fieldsOf(file),
  l: z.preprocess(parsed, choices.l),
  detail: z.preprocess(parsed, choices.detail),
  face: z.preprocess(parsed, choices.face),
  refinedSketch: z.preprocess(parsed, choices.refinedSketch),
});

export const editedPhoto = z.object({
  result: z.base64().openapi({
    format: 'byte',
    description: 'I_out: the photo with its hole filled, a PNG file of the photo’s size',
  }),
  refinedSketches: z.array(z.base64().openapi({ format: 'byte' })).openapi({
    description:
      'S_gen, if it was wanted: a PNG file of the network’s size for each part of the hole that was filled by itself',
  }),
  faces: z.array(z.object({ x: z.int(), y: z.int(), size: z.int() })).openapi({
    description:
      'the squares of all faces of the photo from left to right, px, some of which may be beyond it; none where the network was to see something else',
  }),
  face: z
    .int()
    .nullable()
    .openapi({ description: 'the number of the face that the network saw, from 1; null where it saw none' }),
  warnings: z.array(z.string()).openapi({ description: 'what seems odd about the files, a sentence each' }),
});

const problem = z
  .object({
    title: z.string().openapi({ description: 'the name of the status' }),
    status: z.int(),
    detail: z.string().openapi({ description: 'what is wrong' }),
    where: z.string().optional().openapi({ description: 'the field or header that it is about' }),
    expected: z.string().optional(),
    got: z.string().optional(),
    fix: z.string().optional().openapi({ description: 'what to do about it' }),
  })
  .openapi('Problem');

export const PROBLEMS = {
  400: 'A field is wrong, missing or unknown, or the body is no form or JSON.',
  401: 'The token is missing or wrong.',
  403: 'A page of another site has asked.',
  406: 'What is wanted cannot be answered in a form that is accepted.',
  411: 'The length of the body is not said.',
  413: `The body is larger than ${MAXIMUM_BODY / 2 ** 20} MiB.`,
  415: 'The body is neither multipart/form-data nor JSON.',
  422: 'The files cannot be used: no pictures, of other shapes, without a hole; or the model does not take one.',
  503: 'The server is busy, or its computing process has just ended: try again after a moment.',
};
export const problems = (...statuses: (keyof typeof PROBLEMS)[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: PROBLEMS[status], content: { [problemType]: { schema: problem } } },
    ]),
  );

/** Small files that make an edit: a photo of two greys, its hole a square, one line in it. */
export const EXAMPLE = {
  photo:
    'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAgMAAABinRfyAAAABlBMVEWgoKDIyMiIF/6OAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEElEQVQI12MIBQIGIggiAQB97gqhyNjdKAAAAABJRU5ErkJggg==',
  mask: 'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAgMAAABinRfyAAAABlBMVEX///8AAABVwtN+AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAFElEQVQI12MIBQIGdIKBgTgCUy8Afe4P8Xze98UAAAAASUVORK5CYII=',
  sketch:
    'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAgMAAABinRfyAAAABlBMVEX///8AAABVwtN+AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEElEQVQI12NgIBaIhhCjCgAPkgBqwm0UYgAAAABJRU5ErkJggg==',
};
