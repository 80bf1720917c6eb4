/** The page of a data set, on this machine: one looks through its samples as training sees them, and leaves some out. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type HttpBindings, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { RunConfig } from '../../config/run-config.ts';
import { UnusableImage } from '../../data/decode.ts';
import { excludedIds } from '../../data/exclude.ts';
import { prepare } from '../../data/prepare.ts';
import type { Split } from '../../data/types.ts';
import { readBytes, readText, writeFileAtomically } from '../../runtime/files.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { contentSecurityPolicy, isOwnHost, isOwnOrigin, securityHeaders } from '../server/security.ts';
import { requirePort } from '../server/server.ts';
import { type InspectedSample, inspectionPage, inspectionStyle, pageOf } from './page.ts';
import { drawSample } from './picture.ts';

const HOST = '127.0.0.1';

interface InspectionOptions {
  readonly config: RunConfig;
  /** The list of what is left out, where the config names none. */
  readonly list: string;
  /** 0: any free one. */
  readonly port: number;
  readonly reporter: Reporter;
}

/**
 * Prepares the data set, those that are left out as well, and serves its page. A list that is not there is made when the first
 * sample is left out.
 *
 * @throws UserError when the data set or the port cannot be used.
 */
export async function startInspection({ config, list: ownList, port, reporter }: InspectionOptions) {
  await requirePort({ host: HOST, port });
  const list = config.data.exclude ?? ownList;
  const whole = { ...config, data: { ...config.data, exclude: undefined } };
  const prepared = await prepare({ config: whole, reporter });
  const samples: InspectedSample[] = (['train', 'validation', 'test'] as Split[])
    .flatMap((split) => prepared.samples[split].map((sample) => ({ ...sample, split })))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const { width, height } = await drawSample(config, samples[0]);
  const shown = {
    config,
    samples,
    list,
    isNamed: config.data.exclude !== undefined,
    size: { width, height },
    version: randomUUID(),
  };
  const readList = async () => (existsSync(list) ? readText(list) : '');

  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (c, next) => {
    if (!isOwnHost(c.req.header('host'), HOST))
      throw new HTTPException(421, { message: 'This page does not answer to that name.' });
    if (c.req.method !== 'GET' && !isOwnOrigin(c.env.incoming))
      throw new HTTPException(403, { message: 'Only the page itself may ask this.' });
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value);
    const policy = contentSecurityPolicy.replace("form-action 'none'", "form-action 'self'");
    c.header('Content-Security-Policy', `${policy}; frame-ancestors 'none'`);
    // Without it browsers do not say that a form is the page's own.
    c.header('Referrer-Policy', 'same-origin');
    if (c.res.headers.get('Cache-Control') === null) c.header('Cache-Control', 'no-store');
  });
  app.get('/', async (c) => {
    const excluded = new Set(excludedIds(await readList()));
    return c.html(inspectionPage({ ...shown, excluded }, Number(c.req.query('page'))));
  });
  const icon = await readBytes(new URL('../web/icon.svg', import.meta.url));
  app.get('/icon.svg', (c) => c.body(new Uint8Array(icon), 200, { 'Content-Type': 'image/svg+xml' }));
  app.get('/style.css', (c) => c.body(inspectionStyle, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  app.get('/samples/:file{[0-9]+[.]png}', async (c) => {
    const sample = samples[Number.parseInt(c.req.param('file'), 10)];
    if (!sample) return c.notFound();
    try {
      const { png } = await drawSample(config, sample);
      // Its address has the version.
      const headers = { 'Content-Type': 'image/png', 'Cache-Control': 'private, max-age=86400' };
      return c.body(new Uint8Array(png), 200, headers);
    } catch (error) {
      if (!(error instanceof UnusableImage)) throw error;
      return c.text(`The prepared sample cannot be read: ${error.message}`, 404);
    }
  });
  /** Settled when the list is written: clicks that follow each other fast must not undo one another. */
  let written: Promise<unknown> = Promise.resolve();
  app.post('/samples/:index{[0-9]+}', async (c) => {
    const index = Number(c.req.param('index'));
    const sample = samples[index];
    const { exclude } = await c.req.parseBody();
    if (!sample || (exclude !== 'yes' && exclude !== 'no')) return c.notFound();
    const writing = written.then(async () =>
      writeFileAtomically(list, changedList(await readList(), sample.id, exclude === 'yes')),
    );
    written = writing.catch(() => {});
    await writing;
    return c.redirect(`/?page=${pageOf(index)}#sample-${index}`, 303);
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    reporter.warn(error.stack ?? error.message);
    return c.text('This failed; the terminal says why.', 500);
  });

  const server = serve({ fetch: app.fetch, hostname: HOST, port });
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    close: () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A list with or without an id; its other lines stay as they are. */
function changedList(list: string, id: string, isExcluded: boolean): string {
  const lines =
    list === '' ? ['# Samples that training leaves out (data.exclude).'] : list.trimEnd().split(/\r?\n/);
  const others = lines.filter((line) => line !== id);
  return `${[...others, ...(isExcluded ? [id] : [])].join('\n')}\n`;
}
