/** The programs in examples/ run as they stand there, one after the other, in a folder of their own. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, noBrowser } from './editor/browser.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'examples-'));
  const linked = ['src', 'configs', 'examples', 'node_modules', '.deps', 'package.json', 'tsconfig.json'];
  for (const name of linked) symlinkSync(resolve(name), join(folder, name));
  const photos = readdirSync('test/fixtures/earlier-run/photos').map((name) => [
    name,
    resolve('test/fixtures/earlier-run/photos', name),
  ]);
  writeFileSync(join(folder, 'photos.json'), JSON.stringify(Object.fromEntries(photos)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const shows: Record<string, RegExp> = {
  'train-from-code.ts':
    /^Stopped after 3 of 6 steps: .*step-3\nFinished after 6 steps: runs\/00001-from-code\n\[[\s\S]*I_out/,
  'own-data-source.ts': /^Trained 3 steps on 12 photos of photos\.json: runs\/\d+-own-source$/m,
  'own-loss.ts': /^Trained with the Charbonnier loss: runs\/\d+-smooth\n[\s\S]*psnr/m,
  'own-metric.ts': /metrics\.json[\s\S]*report\.html[\s\S]*brightness/,
};

it('every program is run here and named in the table', () => {
  const programs = readdirSync('examples').filter((name) => name.endsWith('.ts'));
  expect(programs.sort()).toEqual(Object.keys(shows).sort());
  const table = readFileSync('examples/README.md', 'utf8');
  for (const name of programs) expect(table).toContain(`(${name})`);
});

it.each(Object.entries(shows))('%s', async (name, shown) => {
  const command = ['--disable-warning=DEP0051', '--import', 'tsx', join('examples', name)];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: folder });
  expect(stdout).toMatch(shown);
});

it.skipIf(noBrowser)(`served-in-a-page${noBrowser ? ` (skipped: ${noBrowser})` : ''}`, async () => {
  const program = ['--disable-warning=DEP0051', '--import', 'tsx', 'examples/served-in-a-page/serve.ts'];
  const server = spawn(process.execPath, program, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const browser = await launch();
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let output = '';
      server.stdout.on('data', (text) => {
        output += text;
        const [found] = /http:\/\/\S+/.exec(output) ?? [];
        if (found) resolve(found);
      });
      server.on('exit', (code) => reject(new Error(`It ended with ${code}: ${output}`)));
    });
    const page = await browser.newPage();
    await page.goto(url);
    const status = page.locator('#status');
    await status.getByText(/^(Done|It did not work)/).waitFor();
    expect(await status.textContent()).toBe('Done: 64 × 64 px.');
  } finally {
    await browser.close();
    server.kill();
  }
});
