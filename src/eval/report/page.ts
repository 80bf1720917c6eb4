/** The page of a report: one file, which needs no network. It can be read without its script, too. */

import { createHash } from 'node:crypto';
import { CAPTIONS } from '../../core/vocabulary.ts';
import { wordsFor } from '../metrics/metric.ts';
import { curveChart } from './curve.ts';
import { bestLTable, heatMap } from './heat-map.ts';
import { Html, html } from './html.ts';
import type { Report } from './report.ts';
import { sampleGrid } from './sample-grid.ts';
import type { ReportSamples } from './sample-images.ts';
import {
  checkpointLabels,
  imageMeasures,
  type Measure,
  mainMeasures,
  measureOf,
  measureTitle,
  valuesOfL,
} from './select.ts';
import { styleSheet } from './style.ts';
import { differenceTable, groupTable, headlineTable } from './tables.ts';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

/** The text of `report.html`. */
export function reportPage(report: Report, shown: ReportSamples | undefined): string {
  const style = styleSheet();
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src '${hash(style)}'`,
    `script-src '${hash(pageScript)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const labels = checkpointLabels(report);
  const title = `Evaluation of ${labels.length > 1 ? `${labels.length} checkpoints` : labels[0]}`;
  const sections = [
    headlineSection(report),
    sketchSection(report),
    curveSection(report),
    differenceSection(report),
    groupSection(report),
    sampleSection(report, shown),
    methodSection(report),
  ].filter((section) => section !== undefined);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${summary(report)}
<nav aria-label="Sections"><ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
${sections.map(
  ({ id, title: name, content }) => html`<section id="${id}"><h2>${name}</h2>
${content}
</section>
`,
)}</main>
<script>${new Html(pageScript)}</script>
</body>
</html>
`.text;
}

const hash = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

function summary({ set, methods, times }: Report): Html {
  const { photos, images, split, task, resolution, suite, holes, hash: id } = set;
  const what =
    task === 'edit'
      ? `${images} holes (${holes.join(', ')}) in ${photos} photos`
      : `${photos} sketches of photos, drawn as whole images`;
  const seen = methods.filter(({ kind, checkpoint }) => kind === 'checkpoint' && checkpoint?.trainedOn);
  return html`<p class="lead">${what} of the ${split} split, ${resolution} px, suite <code>${suite}</code>.</p>
<p class="note">Set <code>${id.slice(0, 16)}</code>: reports of the same set compare, others do not. Made ${times.created.slice(0, 10)}.</p>
${seen.map(
  ({ label, checkpoint }) =>
    html`<p class="warning">${label} was trained on ${checkpoint?.trainedOn ?? 0} of these ${photos} photos: its values say nothing of photos that it has not seen.</p>`,
)}`;
}

function headlineSection(report: Report): Section {
  const main = mainMeasures(report);
  const images = imageMeasures(report);
  const edit = report.set.task === 'edit';
  const { confidence, resamples } = report.suite.bootstrap;
  const caption = edit ? holeCaption(main) : 'Whole image';
  const bound = report.methods.some(({ kind }) => kind === 'true-sketch')
    ? html` A row <em>true sketch</em> is of the image generator without refinement, which no l can be expected to beat.`
    : undefined;
  const content = html`<p>Given the photos’ own sketches (d = ${Math.min(...report.suite.sketches.degradations)}). <em>Mean colour</em> ${
    edit ? 'fills holes with the mean of what is known' : 'is that of each photo'
  }.${bound} In brackets: ${Math.round(confidence * 100)} % bootstrap intervals (${resamples} resamples of the photos); distances of sets have
none. The tinted value is the best of the checkpoints.</p>
${headlineTable(report, main, caption, 'table-main')}
${
  images.length > 0
    ? html`<details><summary>On the whole image</summary>${headlineTable(report, images, 'Whole image, hole or not', 'table-image')}</details>`
    : undefined
}`;
  return { id: 'headline', title: 'At a glance', content };
}

/** `Inside the hole; Identity and HED Fréchet on the whole image`. */
function holeCaption(measures: readonly Measure[]): string {
  const whole = measures.filter(({ region }) => region === 'image').map(({ metric }) => metric.title);
  const names = whole.length > 1 ? `${whole.slice(0, -1).join(', ')} and ${whole.at(-1)}` : whole[0];
  return names ? `Inside the hole; ${names} on the whole image` : 'Inside the hole';
}

function sketchSection(report: Report): Section {
  const labels = checkpointLabels(report);
  const main = mainMeasures(report);
  const images = imageMeasures(report);
  // The maps of several checkpoints stand side by side, with one metric in each row.
  const rows = (measures: readonly Measure[]) =>
    labels.length > 1 ? measures.map((measure) => [measure]) : [measures];
  const maps = (measures: readonly Measure[]) =>
    rows(measures).map(
      (row) =>
        html`<div class="maps">${row.map((measure) => labels.map((label) => heatMap(report, label, measure, labels)))}</div>
`,
    );
  const withL = labels.filter((label) => valuesOfL(report, label).some((l) => l !== null));
  const aboutL = html` The user’s l grows to the right: at 0 results follow the sketch, at 1 they trust it least. The framed value is the best l
for its sketch; where the frame is dashed (in the first table, a question mark), another l may be as good: the interval
of their difference contains zero. If l does what it is for, the frames move right as d grows.`;
  const content = html`<p>The sketch gets rougher downwards: d = 0 is the photo’s own, at d = 1 its lines are as far off as in the hardest
training. Darker or stronger blue is better.${withL.length > 0 ? aboutL : undefined}</p>
${withL.map((label, i) => bestLTable(report, label, main, `best-l-${i}`))}
${maps(main)}
${images.length > 0 ? html`<details><summary>On the whole image</summary>${maps(images)}</details>` : undefined}`;
  return { id: 'sketches', title: withL.length > 0 ? 'Sketch quality and l' : 'Sketch quality', content };
}

function curveSection(report: Report): Section | undefined {
  const { fidelity, realism } = report.suite.report;
  const [across, up] = [measureOf(report, fidelity), measureOf(report, realism)];
  const drawn = across && up && curveChart(report, across, up);
  if (!drawn) {
    return {
      id: 'curve',
      title: 'Fidelity against realism',
      content: html`<p class="note">No curve: it needs the metrics ${fidelity} and ${realism}, of which the suite leaves one out.</p>`,
    };
  }
  const content = html`<p>How well results keep to the sketch that was given (${measureTitle(across)}), against how much they look like the photos
(${measureTitle(up)}), as l moves. Up and right is better; bars are intervals.</p>
${drawn}`;
  return { id: 'curve', title: 'Fidelity against realism', content };
}

function differenceSection(report: Report): Section | undefined {
  const labels = checkpointLabels(report);
  const tables = labels.map((label, i) =>
    differenceTable(report, label, mainMeasures(report), `differences-${i}`),
  );
  if (labels.length < 2) return undefined;
  const content = html`<p>Means of differences on the same images. “Better” and “worse” are said where the interval leaves out zero.</p>
${tables}`;
  return { id: 'differences', title: 'Side by side', content };
}

function groupSection(report: Report): Section | undefined {
  const labels = checkpointLabels(report);
  const measures = mainMeasures(report).filter(({ metric }) => metric.kind === 'sample');
  const blocks = measures.flatMap((measure, k) => {
    const tables = labels
      .map((label, i) => groupTable(report, label, measure, `holes-${k}-${i}`))
      .filter((one) => one !== undefined);
    if (tables.length === 0) return [];
    const open = measure.metric.name === report.suite.report.sortBy;
    return [
      html`<details${open ? html` open` : undefined}><summary>${measureTitle(measure)}</summary>${tables}</details>
`,
    ];
  });
  if (blocks.length === 0) return undefined;
  const content = html`<p>By kind of hole, by how much of the image it takes, and by where the photos come from if that is several sources.</p>
${blocks}`;
  return { id: 'holes', title: 'Holes and sources', content };
}

function sampleSection(report: Report, shown: ReportSamples | undefined): Section {
  const measure = measureOf(report, report.suite.report.sortBy);
  if (!shown || !measure || shown.samples.length === 0) {
    const content = html`<p class="note">None are shown: the suite sorts them by ${report.suite.report.sortBy}, which it does not measure, or asks for none.</p>`;
    return { id: 'samples', title: 'Samples', content };
  }
  const { samples, ranked } = shown;
  const which = samples.length < ranked ? 'the worst, some about the middle, and the best' : 'all';
  const content = html`<p>${samples.length} of ${ranked}: ${which}, by ${measureTitle(measure)}, averaged over d and l${
    checkpointLabels(report).length > 1 ? ' of the first checkpoint' : ''
  }. ${CAPTIONS.refinedSketch} is the refined sketch${report.set.task === 'edit' ? ' (grey outside the hole)' : ''}, ${CAPTIONS.firstImage} the image that comes with it, ${CAPTIONS.result} the result.</p>
${sampleGrid(report, shown, measure)}`;
  return { id: 'samples-section', title: 'Samples', content };
}

function methodSection({ metrics, methods, suite, set }: Report): Section {
  const settings = Object.entries({ ...suite, report: undefined }).filter(([, value]) => value !== undefined);
  const content = html`<dl>${metrics.map(
    ({ title, name, definition, better }) =>
      html`<dt>${title} <code>${name}</code></dt><dd>${definition} <span class="note">(${wordsFor(better)})</span></dd>`,
  )}</dl>
<h3>Checkpoints</h3>
<dl>${methods.map(({ label, kind, checkpoint }) =>
    kind === 'checkpoint' && checkpoint
      ? html`<dt>${label}</dt><dd><code>${checkpoint.path}</code>, SHA-256 <code>${checkpoint.sha256}</code></dd>`
      : undefined,
  )}</dl>
<h3>Suite</h3>
<dl class="facts"><dt>set</dt><dd><code>${set.hash}</code></dd>${settings.map(
    ([key, value]) => html`<dt>${key}</dt><dd><code>${JSON.stringify(value)}</code></dd>`,
  )}</dl>
<p class="note">All numbers, with their intervals, are in <code>metrics.json</code> and <code>metrics.csv</code> beside this page.</p>`;
  return { id: 'method', title: 'How it was measured', content };
}

/** The page's script: it sorts and filters the samples. It runs in the reader's browser, so it is kept as text. */
const pageScript = `'use strict';
const controls = document.getElementById('controls');
const samples = document.getElementById('samples');
const choice = (id) => document.getElementById(id)?.value ?? '';
function show() {
  const sign = choice('order') === 'best' ? -1 : 1;
  const all = [...samples.children].sort((a, b) => sign * (a.dataset.rank - b.dataset.rank));
  samples.append(...all);
  const hole = choice('hole');
  for (const sample of all) sample.hidden = hole !== '' && sample.dataset.hole !== hole;
  const d = choice('sketch');
  for (const sketch of samples.querySelectorAll('.sketch')) sketch.hidden = d !== '' && sketch.dataset.d !== d;
  samples.className = choice('size');
}
if (controls) {
  controls.hidden = false;
  controls.addEventListener('change', show);
  show();
}
`;
