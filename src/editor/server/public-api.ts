/**
 * The API for other programs: edits of whole photos, by the code of `npm run infer`. The document that describes it
 * (OpenAPI 3.1), and the page that shows that, are made of the schemas that check the requests (`public-api-schemas.ts`).
 */
import { randomUUID } from 'node:crypto';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { regionToSee } from '../../infer/faces.ts';
import { MAXIMUM_PIXELS } from '../../infer/read.ts';
import { UserError, type UserErrorDetails } from '../../runtime/errors.ts';
import { EngineStopped, type NativeEngine } from '../native/engine.ts';
import { serverErrors } from '../wire.ts';
import type { LatestOnly } from './api.ts';
import { type ApiDocument, docsPage, docsStyle } from './public-api-page.ts';
import {
  choices,
  EXAMPLE,
  editedPhoto,
  FIELDS,
  type Field,
  formBody,
  jsonBody,
  MAXIMUM_BODY,
  PROBLEMS,
  problems,
} from './public-api-schemas.ts';
import { isOwnOrigin } from './security.ts';
import { type Handler, problemOf, problemType, publicApiPath, Refusal } from './server.ts';

/** So many edits are taken at once, received and waiting: each keeps its body in memory. */
const MAXIMUM_EDITS = 8;

type PublicEngine = Pick<NativeEngine, 'model' | 'edit'>;

interface PublicApiParts {
  /** The first computes what names no model. */
  readonly engines: readonly [PublicEngine, ...PublicEngine[]];
  /** Which it shares with the page's requests. */
  readonly queue: LatestOnly;
  /** What a program must know to use the model; undefined: nothing. */
  readonly token: string | undefined;
  /** Called for errors that are the server's fault, not a request's. */
  readonly onError: (error: unknown) => void;
}

/** Answers what is asked below {@link publicApiPath}. */
export function publicApi({ engines, queue, token, onError }: PublicApiParts): Handler {
  const { controls } = engines[0].model.model;
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>({
    defaultHook: (result) => {
      if (!result.success) throw wrongField(result.error, result.target, 'data' in result ? result.data : {});
    },
  }).basePath(publicApiPath);
  const security = token === undefined ? [] : [{ token: [] }];

  app.onError((error, c) => {
    const refusal = refusalOf(error, c);
    if (refusal.status === 500) onError(error);
    return answerProblem(c, refusal);
  });
  app.notFound((c) =>
    answerProblem(
      c,
      new Refusal(404, 'There is nothing of that name.', {}, { fix: `see ${publicApiPath}/docs` }),
    ),
  );
  if (token !== undefined) {
    for (const path of ['/edit', '/model']) app.use(path, bearerAuth({ token }));
  }

  let taken = 0;
  app.post('/edit', async (c, next) => {
    if (!isOwnOrigin(c.env.incoming)) throw new Refusal(403, PROBLEMS[403]);
    requireBody(c);
    if (taken >= MAXIMUM_EDITS) throw new Refusal(503, 'The server is busy.', { 'Retry-After': 5 });
    taken += 1;
    try {
      await next();
    } finally {
      taken -= 1;
    }
  });
  app.openapi(
    createRoute({
      method: 'post',
      path: '/edit',
      summary: 'Fill the hole of a photo by a sketch',
      description:
        'The answer is a PNG file of the photo’s size, every pixel outside the hole its own bytes; the header Edit-Warnings then has a list of warnings in JSON. With “Accept: application/json” it is JSON with the files in base64.',
      security,
      request: {
        body: {
          content: {
            'multipart/form-data': { schema: formBody },
            'application/json': {
              schema: jsonBody,
              example: {
                photo: EXAMPLE.photo,
                mask: EXAMPLE.mask,
                ...(controls.includes('sketch') && { sketch: EXAMPLE.sketch }),
                ...(controls.includes('l') && { l: 0.25 }),
              },
            },
          },
        },
      },
      responses: {
        200: {
          description: 'The finished photo',
          headers: {
            'Edit-Warnings': {
              description: 'What seems odd about the files: a list of sentences in JSON, beside a PNG file',
              schema: { type: 'string' },
            },
          },
          content: {
            'image/png': { schema: z.string().openapi({ format: 'binary' }) },
            'application/json': { schema: editedPhoto },
          },
        },
        ...problems(400, 401, 403, 406, 411, 413, 415, 422, 503),
      },
    }),
    async (c) => {
      // Of the two only the one of the body's type has fields.
      const edit = { ...c.req.valid('form'), ...c.req.valid('json') };
      const asJson =
        accepts(c, {
          header: 'Accept',
          supports: ['image/png', 'application/json'],
          default: 'image/png',
        }) === 'application/json';
      const { model: wanted, ...fields } = edit;
      const engine = engineOf(wanted);
      const { controls, refinedSketch: hasRefinedSketch } = engine.model.model;
      const notTaken = (field: Field) =>
        new Refusal(
          422,
          `The model takes no ${field}.`,
          {},
          {
            where: field,
            expected: `photo, mask${controls.map((control) => `, ${control}`).join('')}${hasRefinedSketch ? ', refinedSketch' : ''}`,
            fix: `leave ${field} out`,
          },
        );
      for (const control of ['sketch', 'colour', 'l'] as const) {
        if (edit[control] !== undefined && !controls.includes(control)) throw notTaken(control);
      }
      if (edit.refinedSketch && !hasRefinedSketch) throw notTaken('refinedSketch');
      if (edit.refinedSketch && !asJson) {
        throw new Refusal(
          406,
          'S_gen is answered beside the photo, which a PNG file has no room for.',
          {},
          {
            where: 'Accept',
            expected: 'application/json, where refinedSketch is true',
            got: c.req.header('accept') ?? 'no such header',
          },
        );
      }
      const region = regionToSee(edit.region, edit.face);
      const edited = await queue.run(randomUUID(), c.req.raw.signal, () =>
        engine.edit({ ...fields, region, l: edit.l ?? 0.5 }),
      );
      const warnings = edited.warnings.map(inFields);
      if (!asJson) {
        const headers = { 'Content-Type': 'image/png', 'Edit-Warnings': asciiJson(warnings) };
        return c.body(new Uint8Array(edited.result), 200, headers);
      }
      const encoded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
      const answer = {
        result: encoded(edited.result),
        refinedSketches: edited.refinedSketches.map(encoded),
        faces: [...edited.faces],
        face: edited.face ?? null,
        warnings,
      };
      return c.json(answer, 200);
    },
  );

  const engineOf = (wanted: string | undefined): PublicEngine => {
    if (wanted === undefined) return engines[0];
    const engine = engines.find(({ model }) => model.model.name === wanted);
    if (engine) return engine;
    const expected = engines.map(({ model }) => model.model.name).join(' or ');
    throw new Refusal(400, 'There is no model of that name.', {}, { where: 'model', expected, got: wanted });
  };

  const modelFields = {
    name: z.string().openapi({ description: 'the run and its step' }),
    method: z.string(),
    resolution: z.int().openapi({ description: 'side of the square that the network sees, px' }),
    controls: z
      .array(z.enum(['sketch', 'l', 'colour']))
      .openapi({ description: 'the fields that it takes beside photo and mask' }),
    refinedSketch: z.boolean().openapi({ description: 'whether it makes S_gen' }),
  };
  const description = z.object({
    ...modelFields,
    models: z.array(z.object(modelFields)).openapi({
      description: 'all models that the server has, this one first: the field model of an edit names one',
    }),
    limits: z.object({ bodyBytes: z.int(), pixels: z.int() }),
  });
  const models = engines.map(({ model }) => {
    const { name, method, resolution, controls, refinedSketch } = model.model;
    return { name, method, resolution, controls: [...controls], refinedSketch };
  });
  app.openapi(
    createRoute({
      method: 'get',
      path: '/model',
      summary: 'What the model is, and what it takes',
      security,
      responses: {
        200: { description: 'The model', content: { 'application/json': { schema: description } } },
        ...problems(401),
      },
    }),
    (c) => {
      const limits = { bodyBytes: MAXIMUM_BODY, pixels: MAXIMUM_PIXELS };
      return c.json({ ...models[0], models, limits }, 200);
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: '/health',
      summary: 'Whether the server answers',
      responses: {
        200: {
          description: 'It does',
          content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
        },
      },
    }),
    (c) => c.json({ status: 'ok' as const }, 200),
  );

  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description:
      'The token that npm run edit prints, or that the environment variable DPS_API_TOKEN gave it.',
  });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Sketch-guided face editing',
      version: '1',
      description: `Edits of photos by sketches with ${models.map(({ name, method }) => `${name} (${method})`).join(' or ')}. All that goes wrong is answered as a problem (RFC 9457).`,
    },
  }) as unknown as ApiDocument;
  // If the route itself said so, both checks would be made of every body.
  const { requestBody } = document.paths[`${publicApiPath}/edit`].post;
  if (requestBody) requestBody.required = true;
  const page = docsPage(document);
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/docs', (c) => c.html(page));
  app.get('/docs.css', (c) => c.body(docsStyle, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  for (const path of ['/edit', '/model', '/health', '/openapi.json', '/docs', '/docs.css']) {
    const allowed = path === '/edit' ? 'POST' : 'GET, HEAD';
    app.all(path, () => {
      throw new Refusal(405, `Use ${allowed}.`, { Allow: allowed });
    });
  }
  // The server throws away what is left of a body; Hono's cleanup would close the connection after half a second of that.
  return getRequestListener(app.fetch, { overrideGlobalObjects: false, autoCleanupIncoming: false });
}

/** Throws a Refusal unless a request says that it has a body of a form that is read, and of a size that memory has room for. */
function requireBody(c: Context): void {
  const type = c.req.header('content-type');
  if (!/^(multipart\/form-data|application\/json)\s*(;|$)/i.test(type ?? '')) {
    throw new Refusal(
      415,
      PROBLEMS[415],
      {},
      {
        where: 'Content-Type',
        expected: 'multipart/form-data or application/json',
        got: type ?? 'no such header',
      },
    );
  }
  const length = c.req.header('content-length');
  if (length === undefined) {
    throw new Refusal(
      411,
      PROBLEMS[411],
      {},
      { where: 'Content-Length', expected: 'the length of the body, bytes' },
    );
  }
  if (Number(length) > MAXIMUM_BODY) {
    throw new Refusal(
      413,
      PROBLEMS[413],
      {},
      {
        where: 'Content-Length',
        expected: `at most ${MAXIMUM_BODY} bytes`,
        got: `${length} bytes`,
        fix: 'send JPEG or WebP files, or smaller pictures',
      },
    );
  }
}

/** What is wrong with the first field that is. @param body `form` or `json`. @param given its fields, or what stands in their place. */
function wrongField({ issues: [issue] }: z.core.$ZodError, body: string, given: unknown): Refusal {
  const refuse = (what: string, details: UserErrorDetails) => new Refusal(400, what, {}, details);
  const names = Object.keys(FIELDS).join(', ');
  if (issue.code === 'unrecognized_keys') {
    return refuse('A field is not known.', { where: issue.keys.join(', '), expected: `only ${names}` });
  }
  const where = issue.path[0] as Field | undefined;
  if (where === undefined) return refuse('The body has no fields.', { expected: `an object of ${names}` });
  const expected = FIELDS[where];
  const value = (given as Record<string, unknown>)[where];
  if (value === undefined) return refuse('A field is missing.', { where, expected });
  const sent = body === 'form' ? `as a file (curl: -F ${where}=@FILE)` : 'in base64';
  const fix = where in choices ? undefined : `send one file, ${sent}`;
  return refuse('A field is wrong.', { where, expected, got: inWords(value), fix });
}

/** What a field was given, in few words. */
function inWords(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} values`;
  if (value instanceof File) return `a file of ${value.size} bytes`;
  if (typeof value !== 'string')
    return value === null ? 'null' : `the ${typeof value} ${JSON.stringify(value)}`.slice(0, 60);
  return value.length > 40
    ? `a text of ${value.length} characters: ${value.slice(0, 40)}...`
    : `the text “${value}”`;
}

/** What a client is told of an error. */
function refusalOf(error: unknown, c: Context): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof EngineStopped) return new Refusal(503, `${error.message} Try again.`);
  if (error instanceof UserError) {
    const { fix, ...details } = error.details;
    return new Refusal(422, error.message.split('\n', 1)[0], {}, { ...details, fix: fix && inFields(fix) });
  }
  if (!(error instanceof HTTPException)) return new Refusal(500, serverErrors.failed);
  const challenge = error.getResponse().headers.get('WWW-Authenticate');
  if (challenge === null) {
    return new Refusal(
      error.status,
      error.message,
      {},
      {
        where: 'the body, or its Content-Type',
        expected: 'JSON in UTF-8, or multipart/form-data with a boundary, as the client’s library writes it',
        got: c.req.header('content-type') ?? 'no Content-Type',
      },
    );
  }
  return new Refusal(
    401,
    PROBLEMS[401],
    { 'WWW-Authenticate': challenge },
    {
      where: 'Authorization',
      expected: 'Bearer TOKEN',
      fix: 'take the token that npm run edit has printed, or that the environment variable DPS_API_TOKEN gave it',
    },
  );
}

function answerProblem(c: Context, refusal: Refusal): Response {
  for (const [name, value] of Object.entries(refusal.headers)) c.header(name, String(value));
  c.header('Content-Type', problemType);
  return c.body(JSON.stringify(problemOf(refusal)), refusal.status as ContentfulStatusCode);
}

/** A message for the command line, in the words of the API. */
const inFields = (message: string) =>
  message.replaceAll(/--mask-hole \w+ \(in code (maskHole: [^)]+)\)/g, '$1');

/** JSON that a header may have. */
const asciiJson = (value: unknown) =>
  JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
