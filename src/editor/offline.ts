/** What lets a static site be kept by browsers: its manifest, and the list of its files for `web/service-worker.ts`. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readBytes } from '../runtime/files.ts';
import { runtimeFolder } from './page.ts';
import type { KeptSite } from './wire.ts';

/** Browsers offer to install a page that has one. */
export const manifest = {
  name: 'Sketch-guided face editing',
  short_name: 'Face editing',
  start_url: './',
  display: 'standalone',
  background_color: '#1b1f1f',
  theme_color: '#0f766e',
  icons: [{ src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' }],
} as const;

/**
 * The script of the service worker.
 *
 * @param code of the bundle. @param names of the site's files, relative to its folder; the page itself is `index.html`.
 */
export async function serviceWorker(folder: string, names: readonly string[], code: string): Promise<string> {
  const files = await Promise.all(
    [...names].sort().map(async (name) => ({
      // Hosts may send those who ask for index.html elsewhere.
      path: name === 'index.html' ? './' : name,
      integrity: `sha256-${createHash('sha256')
        .update(await readBytes(join(folder, name)))
        .digest('base64')}`,
      webgpu: name.startsWith(`${runtimeFolder}/`) && /webgpu|asyncify/.test(name),
    })),
  );
  const version = createHash('sha256')
    .update(JSON.stringify([files, code]))
    .digest('hex')
    .slice(0, 16);
  return `self.site = ${JSON.stringify({ version, files } satisfies KeptSite)};\n${code}`;
}
