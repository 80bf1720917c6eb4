/** The editor: a page on this computer, and the server behind it. */
import { faceAssets } from '../data/sources/open-source.ts';
import type { Reporter } from '../runtime/progress.ts';
import { describeModel } from './describe-model.ts';
import { NativeEngine } from './native/engine.ts';
import { ExportedModel } from './native/exported-model.ts';
import { buildPage } from './page.ts';
import { runtimeFiles, runtimeFolder } from './runtime-files.ts';
import { Gallery, sampleFolder } from './samples/gallery.ts';
import { apiHandlers } from './server/api.ts';
import type { Asset } from './server/respond.ts';
import { isLoopback } from './server/security.ts';
import { startServer } from './server/server.ts';

export interface EditorOptions {
  /** The checkpoint's folder. */
  readonly checkpoint: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly reporter: Reporter;
}

export interface RunningEditor {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the editor. @throws UserError when the checkpoint or the port cannot be used. */
export async function startEditor({
  checkpoint,
  host,
  port,
  reporter,
}: EditorOptions): Promise<RunningEditor> {
  const [engine, page, runtime] = await Promise.all([
    NativeEngine.open(checkpoint),
    buildPage(),
    runtimeFiles(),
  ]);
  const files = new Map<string, Asset>([...page].map(([name, asset]) => [`/${name}`, asset]));
  files.set('/', page.get('index.html')!);
  for (const file of runtime) files.set(`/${runtimeFolder}/${file.name}`, file);
  files.set('/editor.json', json({ ...describeModel(engine.model), server: true }));
  const model = new ExportedModel(checkpoint, engine.model.cache);
  const prepareModel = async () => {
    const { path, bytes } = await model.file();
    files.set(`/${modelFile}`, { type: 'application/octet-stream', path, bytes });
    return { url: modelFile, bytes };
  };
  const gallery = new Gallery({
    folders: { assetsDir: faceAssets, cacheDir: engine.model.cache },
    edgeSize: engine.model.edges.size,
    findEdges: (rgb, size) => engine.ask('edges', { rgb, size }),
  });
  const sampleAsset = (path: string): Asset | undefined => {
    if (path === '/api/samples') {
      // Whoever does not ask for samples need not wait for a core that renders them.
      void gallery.fill();
      return json(gallery.list);
    }
    const body = path.startsWith(samplePrefix)
      ? gallery.files.get(path.slice(samplePrefix.length))
      : undefined;
    return body && { type: 'image/png', body };
  };
  try {
    const { server, port: actualPort } = await startServer({
      host,
      port,
      assets: (path) => files.get(path) ?? sampleAsset(path),
      handlers: apiHandlers({ engine, prepareModel }),
      onError: (error) =>
        reporter.warn(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    });
    if (!isLoopback(host)) {
      reporter.warn(
        `The editor listens on ${host}: whoever reaches this computer over the network can use it, without a password.`,
      );
    }
    const name = host.includes(':') ? `[${host}]` : host;
    return {
      url: `http://${name === '0.0.0.0' || name === '[::]' ? 'localhost' : name}:${actualPort}/`,
      async close() {
        model.close();
        await gallery.close();
        engine.close();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  } catch (error) {
    engine.close();
    throw error;
  }
}

const modelFile = 'model.onnx';
const samplePrefix = `/${sampleFolder}/`;

const json = (value: object): Asset => ({
  type: 'application/json; charset=utf-8',
  body: Buffer.from(JSON.stringify(value)),
});
