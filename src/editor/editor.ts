/** The editor: a page on this computer, and the server behind it. */

import { randomBytes, randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { isLoopback } from './loopback.ts';
import { ExportedModel, type NativeEngine } from './native/engine.ts';
import { openModels } from './native/models.ts';
import { buildPage, runtimeFiles, runtimeFolder } from './page.ts';
import { listSamples, SampleFolder, sampleFolder, typeOfSample } from './samples/samples.ts';
import { type Addresses, addressesOf } from './server/addresses.ts';
import { apiHandlers, LatestOnly } from './server/api.ts';
import { publicApi } from './server/public-api.ts';
import { type Asset, requirePort, startServer } from './server/server.ts';
import type { EditorDescription } from './wire.ts';

interface EditorOptions {
  /** Folders of checkpoints. What is edited begins with the first. */
  readonly checkpoints: readonly string[];
  readonly host: string;
  /** Names beside the host and IP addresses under which it may be opened. */
  readonly allowedHosts?: readonly string[];
  /** 0: any free one. */
  readonly port: number;
  /** What programs must send to the API; undefined: nothing on this machine alone, else a random one. */
  readonly apiToken?: string | undefined;
  readonly reporter: Reporter;
}

interface RunningEditor {
  /** Where it can be opened on this machine. */
  readonly url: string;
  readonly addresses: Addresses;
  /** What programs must send to the API; undefined: nothing. */
  readonly apiToken: string | undefined;
  close(): Promise<void>;
}

/** Starts the editor. @throws UserError when the checkpoint or the port cannot be used. */
export async function startEditor({
  checkpoints,
  host,
  allowedHosts = [],
  port,
  apiToken = isLoopback(host) ? undefined : randomBytes(24).toString('base64url'),
  reporter,
}: EditorOptions): Promise<RunningEditor> {
  requireToken(apiToken);
  await requirePort({ host, port });
  const [engines, page, runtime] = await Promise.all([openModels(checkpoints), buildPage(), runtimeFiles()]);
  const [engine, ...others] = engines;
  const { model, edges } = engine.model;
  const files = new Map<string, Asset>();
  for (const [name, asset] of page) {
    files.set(`/${name}`, asset);
    if (name === 'index.html') files.set('/', asset);
  }
  for (const file of runtime) files.set(`/${runtimeFolder}/${file.name}`, file);
  const otherModels = others.map(({ model }) => model.model);
  const description: EditorDescription = {
    model,
    edges,
    server: true,
    samples: listSamples(model),
    ...(others.length > 0 && { otherModels }),
  };
  files.set('/editor.json', json(description));
  const exported = engines.map(({ model }, k) => new ExportedModel(checkpoints[k], model.cache));
  const prepareModel = async (k: number) => {
    const { path, bytes } = await exported[k].file();
    const url = k === 0 ? 'model.onnx' : `model-${k + 1}.onnx`;
    files.set(`/${url}`, { type: 'application/octet-stream', path, bytes });
    return { url, bytes };
  };
  const served = (engine: NativeEngine, k: number) => ({ engine, prepareModel: () => prepareModel(k) });
  const closeEngines = () => {
    for (const one of engines) one.close();
  };
  const queue = new LatestOnly();
  // It takes its turn with pages and programs.
  const samples = new SampleFolder(model, (edit) =>
    queue.run(randomUUID(), new AbortController().signal, () => engine.edit(edit)),
  );
  const sampleAsset = async (path: string): Promise<Asset | undefined> => {
    const name = path.slice(samplePrefix.length);
    const body = path.startsWith(samplePrefix) ? await samples.read(name) : undefined;
    return body && { type: typeOfSample(name), body };
  };
  const onError = (error: unknown) =>
    reporter.warn(error instanceof Error ? (error.stack ?? error.message) : String(error));
  try {
    const { server, port: actualPort } = await startServer({
      host,
      port,
      allowedHosts,
      assets: (path) => files.get(path) ?? sampleAsset(path),
      handlers: apiHandlers({
        models: [served(engine, 0), ...others.map((other, k) => served(other, k + 1))],
        queue,
      }),
      publicApi: publicApi({ engines, queue, token: apiToken, onError }),
      onError,
    });
    if (!isLoopback(host)) {
      reporter.warn(
        `The editor listens on ${host}: whoever reaches this computer over the network can use its page, without a password.`,
      );
    }
    const addresses = addressesOf({ host, port: actualPort, allowedHosts, interfaces: networkInterfaces() });
    return {
      url: addresses.here ?? addresses.elsewhere[0],
      addresses,
      apiToken,
      async close() {
        for (const one of exported) one.close();
        closeEngines();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  } catch (error) {
    closeEngines();
    throw error;
  }
}

function requireToken(token: string | undefined): void {
  // What the header Authorization can have (RFC 6750, section 2.1).
  if (token === undefined || /^[\w.~+/-]{16,}=*$/.test(token)) return;
  throw new UserError('The token of the API cannot be used.', {
    where: 'the environment variable DPS_API_TOKEN',
    expected: '16 or more of the letters A to Z and a to z, digits and - . _ ~ + /',
    got: `${token.length} characters`,
    fix: 'make one: openssl rand -hex 24; or leave the variable out',
  });
}

const samplePrefix = `/${sampleFolder}/`;

const json = (value: object): Asset => ({
  type: 'application/json; charset=utf-8',
  body: Buffer.from(JSON.stringify(value)),
});
