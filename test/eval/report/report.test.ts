import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linearScale } from '../../../src/eval/report/chart.ts';
import { curveChart } from '../../../src/eval/report/curve.ts';
import { html } from '../../../src/eval/report/html.ts';
import { reportPage } from '../../../src/eval/report/page.ts';
import {
  buildReport,
  type Report,
  reportCsv,
  reportJson,
  reportReferences,
  reportSchema,
} from '../../../src/eval/report/report.ts';
import { drawSamples, type ReportSamples, spread } from '../../../src/eval/report/sample-images.ts';
import { format, formatDifference, measureOf } from '../../../src/eval/report/select.ts';
import { headline } from '../../../src/eval/report/tables.ts';
import { summarize } from '../../../src/eval/summarize.ts';
import { writeFilesTogether } from '../../../src/runtime/files.ts';
import { silent } from '../../../src/runtime/progress.ts';
import { launch, noBrowser } from '../../editor/browser.ts';
import { makePairs } from '../../train/pairs.ts';
import { evaluateFakes, fakeCheckpoint, fakeSet, fakeSuite } from '../fakes.ts';

let folder: string;
let report: Report;
let shown: ReportSamples;
let page: string;
const hostile = '<script>alert("a&b")</script>.png';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  const { samples } = await makePairs(join(folder, 'pairs'), 3);
  const own = fakeSuite({ metrics: ['l1', 'psnr', 'brightness'] });
  const suite = { ...own, report: { ...own.report, samples: 4, fidelity: 'psnr', realism: 'brightness' } };
  const named = samples.train.map((sample, i) => (i === 0 ? { ...sample, id: hostile } : sample));
  const set = await fakeSet(named, suite);
  const checkpoints = [fakeCheckpoint('a', 0), fakeCheckpoint('b', 0.2)];
  const { results, metrics } = await evaluateFakes(set, folder, { checkpoints });
  shown = (await drawSamples(set, metrics, results, checkpoints, { reporter: silent }))!;
  report = buildReport({
    set,
    resolution: 64,
    metrics,
    methods: [...new Set(results.map(({ method }) => method))],
    trainedOn: new Map([[checkpoints[1], 2]]),
    summary: summarize(set, metrics, results),
    times: { created: '2026-01-02T03:04:05.678Z', seconds: 9 },
  });
  page = reportPage(report, shown);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('metrics.json and metrics.csv', () => {
  it('keep the documented form', () => {
    expect(reportSchema.parse(JSON.parse(reportJson(report)))).toEqual(report);
    const empty = { ...report, differences: [] };
    expect(JSON.parse(reportJson(empty))).toEqual(empty);
  });

  it.each(Object.entries(reportReferences()))('have their form in %s, which is current', (path, text) => {
    expect(readFileSync(path, 'utf8'), 'run `npm run config-reference`').toBe(text);
  });

  it('hold the same rows', () => {
    const [head, ...lines] = reportCsv({ ...report, methods: [] })
      .trimEnd()
      .split('\r\n');
    expect(head.split(',')).toHaveLength(14);
    expect(lines).toHaveLength(report.rows.length + report.differences.length);
    const [row] = report.rows;
    expect(lines[0]).toContain(`l1,image,${row.mean},${row.low},${row.high},${row.count}`);
    const quoted = reportCsv({ ...report, rows: [{ ...row, method: 'a, "b"' }], differences: [] });
    expect(quoted.split('\r\n')[1]).toMatch(/^"a, ""b""",/);
  });

  it('appear together or not at all', async () => {
    const out = join(folder, 'together');
    await writeFilesTogether(out, { a: '1', b: '2' });
    await expect(writeFilesTogether(out, { a: '3', 'no/where': '4' })).rejects.toThrow();
    expect(readdirSync(out)).toEqual(['a', 'b']);
    expect(readFileSync(join(out, 'a'), 'utf8')).toBe('1');
  });
});

describe('samples', () => {
  it('are spread over the worst, the middle and the best', () => {
    expect(spread(100, 6)).toEqual([0, 99, 49, 1, 98, 50]);
    expect(spread(4, 24)).toEqual([0, 1, 2, 3]);
    for (const [total, count] of [
      [5, 4],
      [7, 6],
      [100, 99],
    ] as const) {
      const places = spread(total, count);
      expect(new Set(places).size).toBe(count);
      expect(Math.max(...places)).toBeLessThan(total);
    }
    expect(spread(10, 0)).toEqual([]);
  });

  it('are shown worst first, with every sketch, checkpoint and l', () => {
    expect(shown.samples).toHaveLength(4);
    const values = shown.samples.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    for (const { sketches } of shown.samples) {
      expect(sketches.map(({ degradation }) => degradation)).toEqual([0, 0.5, 1]);
      for (const { results } of sketches)
        expect(results.map((row) => row.map(({ l }) => l))).toEqual([
          [0, 1],
          [0, 1],
        ]);
    }
    expect(shown.samples[0].photo).toMatch(/^data:image\/webp;base64,/);
  });
});

describe('report.html', () => {
  it('lets nothing run or load but its own', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/
      .exec(page)![1]
      .replaceAll('&#39;', "'");
    expect(policy).toContain("default-src 'none'");
    for (const [tag, directive] of [
      ['style', 'style-src'],
      ['script', 'script-src'],
    ]) {
      const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)![1];
      const sha = createHash('sha256').update(text).digest('base64');
      expect(policy).toContain(`${directive} 'sha256-${sha}'`);
    }
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(&quot;a&amp;b&quot;)');
    expect(page).not.toMatch(/ (style|on\w+)="|https?:/);
  });

  it('has its elements closed, every picture described, and ids that are its own', () => {
    const open: string[] = [];
    for (const [, slash, name, , self] of page.matchAll(/<(\/?)([a-z][\w-]*)((?:"[^"]*"|[^">])*?)(\/?)>/g)) {
      if (['meta', 'img'].includes(name) || self) continue;
      if (slash) expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
    const pictures = [...page.matchAll(/<img [^>]*>/g)].map(([tag]) => tag);
    expect(pictures.length).toBe(4 * (2 + 3 * (1 + 2 * 2 * 3)));
    expect(pictures.every((tag) => /alt="[^"]+"/.test(tag))).toBe(true);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(id);
  });

  it('says what it is of, and of photos that were trained on', () => {
    expect(page).toContain('Evaluation of 2 checkpoints');
    expect(page).toContain(report.set.hash);
    expect(page).toContain('b was trained on 2 of these 3 photos');
    expect(page).not.toContain('a was trained on');
    for (const { definition } of report.metrics) expect(page).toContain(html`${definition}`.text);
  });

  it('does without samples and curve', () => {
    const bare = reportPage(
      { ...report, suite: { ...report.suite, report: { ...report.suite.report, realism: 'fid' } } },
      undefined,
    );
    expect(bare).toContain('No curve');
    expect(bare).not.toContain('<img');
  });

  it.skipIf(noBrowser)(
    `opens in a browser, on a phone and in the dark, by the rules of access${noBrowser ? ` (skipped: ${noBrowser})` : ''}`,
    async () => {
      const file = join(folder, 'page.html');
      await writeFilesTogether(folder, { 'page.html': page });
      const browser = await launch();
      try {
        for (const [width, colorScheme] of [
          [1280, 'light'],
          [390, 'dark'],
        ] as const) {
          const context = await browser.newContext({
            viewport: { width, height: 900 },
            colorScheme,
            bypassCSP: true,
          });
          const tab = await context.newPage();
          const problems: string[] = [];
          tab.on('pageerror', (error) => problems.push(error.message));
          tab.on('console', (message) => problems.push(message.text()));
          await tab.goto(`file://${file}`);
          expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          const visible = () => tab.locator('.sketch:visible').count();
          expect(await visible()).toBe(4);
          await tab.selectOption('#sketch', '');
          expect(await visible()).toBe(12);
          await tab.selectOption('#hole', 'thin');
          const thin = shown.samples.filter(({ hole }) => hole === 'thin').length;
          expect(await tab.locator('.sample:visible').count()).toBe(thin);
          await tab.selectOption('#order', 'best');
          const first = await tab.locator('.sample').first().getAttribute('data-rank');
          expect(Number(first)).toBe(Math.max(...shown.samples.map(({ rank }) => rank)));
          await tab.addScriptTag({ path: 'node_modules/axe-core/axe.min.js' });
          const violations = await tab.evaluate(
            'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
          );
          expect(violations).toEqual([]);
          expect(problems).toEqual([]);
          await context.close();
        }
      } finally {
        await browser.close();
      }
    },
  );
});

describe('what charts and tables are made of', () => {
  it('scales begin and end at round numbers around all values', () => {
    const labels = (values: number[]) => linearScale(values, [0, 100]).ticks.map(({ label }) => label);
    const { ticks, at } = linearScale([0.13, 0.58], [20, 70]);
    expect(ticks).toEqual(
      ['0.1', '0.2', '0.3', '0.4', '0.5', '0.6'].map((label, i) => ({ at: 20 + 10 * i, label })),
    );
    expect(at(0.35)).toBe(45);
    expect(linearScale([0.13, 0.58], [70, 20]).at(0.1)).toBe(70);
    expect(labels([5]).length).toBeGreaterThan(2);
    expect(labels([0, 0])).toContain('0.0');
    expect(labels([141, 203])).toEqual(['140', '150', '160', '170', '180', '190', '200', '210']);
  });

  it('a curve has better values further right and up', () => {
    const [fidelity, realism] = [measureOf(report, 'psnr')!, measureOf(report, 'brightness')!];
    const svg = curveChart(report, fidelity, realism)!.text;
    // Of b, at l = 1, both are worse than of a at l = 0.
    const paths = [...svg.matchAll(/class="line" d="M([\d.]+),([\d.]+)L([\d.]+),([\d.]+)"/g)];
    const [a, b] = [paths[0].map(Number), paths[3].map(Number)];
    expect(b[3]).toBeLessThan(a[1]);
    expect(b[4]).toBeGreaterThan(a[2]);
    expect(svg).toContain('role="img" aria-label="');
  });

  it('numbers have the digits that count', () => {
    expect([0.07634, 19.943, 143.2, 2.3456, 0.00012, 0, 1e-7].map(format)).toEqual([
      '0.0763',
      '19.94',
      '143',
      '2.346',
      '0.00012',
      '0.0000',
      '1.0e-7',
    ]);
    expect([0.5, -0.5, 0].map(formatDifference)).toEqual(['+0.5000', '−0.5000', '0.0000']);
  });

  it('the headline has a row for each baseline, and each l of each checkpoint', () => {
    const { head, rows } = headline(report);
    expect(head).toEqual(['', 'L1 (hole)', 'PSNR (hole), dB', 'Brightness']);
    expect(rows.map(([label]) => label)).toEqual([
      'Mean colour',
      ...['a', 'b'].flatMap((label) => [`${label}: F, true sketch`, `${label}: l = 0`, `${label}: l = 1`]),
    ]);
  });

  it('text is escaped, HTML is not', () => {
    expect(html`<p>${'<&">'}${html`<b>${1}</b>`}${[html`x`, undefined, 'y']}</p>`.text).toBe(
      '<p>&lt;&amp;&quot;&gt;<b>1</b>xy</p>',
    );
  });
});
