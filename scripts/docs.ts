/** `npm run docs`: the documentation as a site, which works without a network and below any path. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { build, serve as serveSite } from 'vitepress';
import { defineCommand, text, wholeNumber } from '../src/cli/command.ts';
import { runProgram } from '../src/cli/program.ts';
import { shipped } from '../src/runtime/command-line.ts';
import { UserError } from '../src/runtime/errors.ts';
import { ROOT } from './setup/paths.mjs';

const docs = join(ROOT, 'docs');
/** VitePress's own place of a site, which it serves from. */
const built = shipped('docs/.vitepress/dist');

const command = defineCommand({
  name: 'docs',
  summary: 'Make the documentation a site that any web server can host',
  flags: {
    base: { ...text('--base', 'Path below which it will be served, such as /surgery/'), default: '/' },
    out: text('--out', `Folder of the site (default: ${built})`),
    serve: { type: 'boolean', default: false, describe: 'Show it on this machine' },
    port: { ...wholeNumber('--port', 'Of --serve', 1, 65_535), default: '4173' },
  },
  examples: [
    ['docs -- --serve', 'Read it in a browser'],
    ['docs -- --base /surgery/ --out site', 'For https://example.org/surgery/'],
  ],
  async run({ base, out = built, serve, port }) {
    if (serve && out !== built)
      throw new UserError('A site is shown from its own place.', {
        where: '--serve',
        fix: 'leave --out away',
      });
    if (!/^\/([^?#]*\/)?$/.test(base))
      throw new UserError('The site cannot be served below that path.', {
        where: '--base',
        expected: 'a path that begins and ends with /',
        got: base,
      });
    const typedoc = join(ROOT, 'node_modules/typedoc/bin/typedoc');
    const { status } = spawnSync(process.execPath, [typedoc], { cwd: ROOT, stdio: 'inherit' });
    if (status !== 0) throw new UserError('The pages of the library could not be made; see above.');
    await build(docs, { base, outDir: resolve(out) }).catch((error: Error) => {
      throw new UserError('The site could not be built.', { got: error.message });
    });
    console.log(`Site: ${out}`);
    if (!serve) return;
    const { server } = await serveSite({ root: docs, base, port: Number(port) });
    if (!server.listening)
      await once(server, 'listening').catch((error: Error) => {
        throw new UserError('The site cannot be shown.', {
          where: `--port ${port}`,
          got: error.message,
          fix: 'name another port',
        });
      });
  },
});

await runProgram([command]);
