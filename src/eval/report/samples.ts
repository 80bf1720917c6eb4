/** The browsable grid of samples. */
import type { Picture, ShownResult, ShownSample, ShownSamples, ShownSketch } from '../pictures.ts';
import { type Html, html } from './html.ts';
import type { Report } from './schema.ts';
import { checkpointLabels, format, type Measure, measureTitle } from './select.ts';

/** The section's controls and samples, worst first. Without its script the page shows every sketch of every sample. */
export function sampleGrid(report: Report, shown: ShownSamples, measure: Measure): Html {
  const labels = checkpointLabels(report);
  const { degradations } = report.suite.sketches;
  const holes = [...new Set(shown.samples.map(({ hole }) => hole))];
  const choice = (id: string, label: string, options: readonly (readonly [value: string, text: string])[]) =>
    html`<label for="${id}">${label} <select id="${id}">${options.map(
      ([value, text]) => html`<option value="${value}">${text}</option>`,
    )}</select></label>
`;
  return html`<div class="controls" id="controls" hidden>
${choice('order', 'Order', [
  ['worst', 'worst first'],
  ['best', 'best first'],
])}${
  holes.length > 1
    ? choice('hole', 'Hole', [['', 'all'], ...holes.map((hole) => [hole, hole] as const)])
    : undefined
}${
  degradations.length > 1
    ? choice('sketch', 'Sketch', [...degradations.map((d) => [String(d), `d = ${d}`] as const), ['', 'all']])
    : undefined
}${choice('size', 'Pictures', [
  ['small', 'small'],
  ['medium', 'medium'],
  ['large', 'large'],
])}</div>
<div id="samples" class="small">
${shown.samples.map((sample) => drawSample(report, sample, labels, measure, shown.ranked))}</div>`;
}

function drawSample(
  report: Report,
  sample: ShownSample,
  labels: readonly string[],
  measure: Measure,
  ranked: number,
): Html {
  const { id, hole, error, rank } = sample;
  const about = `${id}, ${hole} hole`;
  return html`<article class="sample" data-rank="${rank}" data-hole="${hole}">
<h3>${id} <span class="note">${hole === 'all' ? '' : `${hole} hole, `}rank ${rank} of ${ranked}, mean ${measureTitle(measure)} ${format(error)}</span></h3>
<div class="parts"><div class="source">${picture(report, sample.photo, 'photo', `Photo ${id}`)}${
    report.set.task === 'edit'
      ? picture(report, sample.input, 'with its hole', `Photo of ${about} cut out`)
      : undefined
  }</div>
<div class="sketches">${sample.sketches.map((sketch) => drawSketch(report, sketch, labels, measure, about))}</div></div></article>
`;
}

function drawSketch(
  report: Report,
  { degradation, sketch, results }: ShownSketch,
  labels: readonly string[],
  measure: Measure,
  about: string,
): Html {
  const rows = results.map((row, i) => {
    const of = labels.length > 1 ? html`<p class="method">${labels[i]}</p>` : undefined;
    return html`${of}<div class="strip">${row.map((result) => drawResult(report, result, measure, about, degradation))}</div>`;
  });
  return html`<div class="sketch" data-d="${degradation}"><div class="given"><p class="level">d = ${degradation}</p>${picture(
    report,
    sketch,
    'sketch',
    `Sketch for ${about}, degraded by d = ${degradation}`,
  )}</div><div class="made">${rows}</div></div>
`;
}

function drawResult(
  report: Report,
  { level, refinedSketch, firstImage, result, error }: ShownResult,
  { metric }: Measure,
  about: string,
  degradation: number,
): Html {
  const at = level === undefined ? '' : `l = ${level}`;
  const place = ['of', [about, `d = ${degradation}`, at].filter(Boolean).join(', ')].join(' ');
  const value = error === undefined || Number.isNaN(error) ? '' : ` ${metric.title} ${format(error)}`;
  return html`<div class="result" role="group" aria-label="${at || 'result'}"><p class="level">${at}<small>${value}</small></p>${
    refinedSketch && picture(report, refinedSketch, 'S_gen', `Refined sketch ${place}`)
  }${firstImage && picture(report, firstImage, 'I_gen', `First image ${place}`)}${picture(
    report,
    result,
    'I_out',
    `Result ${place}`,
  )}</div>`;
}

function picture(report: Report, data: Picture, caption: string, alternative: string): Html {
  const side = report.set.resolution;
  return html`<figure><img src="${data}" width="${side}" height="${side}" alt="${alternative}" loading="lazy" decoding="async"><figcaption>${caption}</figcaption></figure>`;
}
