/**
 * Keeps a static site, so that it works without a network: all of its files, under a name that changes with the export. A newer
 * export is kept beside the older one and takes its place when no tab shows the older one any more, so that no page is
 * made of files of two exports.
 */
import type { KeptSite } from '../wire.ts';

/** What of a service worker's global scope is used here: the types of pages have none. */
interface WorkerScope {
  /** Written before this code by `npm run edit -- --static`. */
  readonly site: KeptSite;
  readonly registration: { readonly scope: string };
  readonly caches: CacheStorage;
  readonly navigator: object;
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}
interface ExtendableEvent {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

const worker = self as unknown as WorkerScope;
const { site, registration, caches } = worker;
/** Of all caches of this site: other sites may have the same host. */
const prefix = `${registration.scope} `;
const name = prefix + site.version;

worker.addEventListener('install', (event) => event.waitUntil(keep()));
worker.addEventListener('activate', (event) => event.waitUntil(dropOthers()));
worker.addEventListener('fetch', (event) => {
  if (event.request.method === 'GET') event.respondWith(answer(event.request));
});

async function keep(): Promise<void> {
  const cache = await caches.open(name);
  const wanted = site.files.filter(({ webgpu }) => !webgpu || 'gpu' in worker.navigator);
  // What the browser has loaded already is asked for anew only if it has changed.
  await cache.addAll(
    wanted.map(({ path, integrity }) => new Request(path, { cache: 'no-cache', integrity })),
  );
}

async function dropOthers(): Promise<void> {
  const others = (await caches.keys()).filter((key) => key.startsWith(prefix) && key !== name);
  await Promise.all(others.map((key) => caches.delete(key)));
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(name);
  const { origin, pathname } = new URL(request.url);
  // Other pages below the site's folder are none of its own.
  const isPage = [registration.scope, `${registration.scope}index.html`].includes(origin + pathname);
  return (await cache.match(isPage ? './' : request, { ignoreVary: true })) ?? fetch(request);
}
