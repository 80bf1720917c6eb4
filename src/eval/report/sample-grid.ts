/** The samples of a report, which a reader can sort and filter. */
import { CAPTIONS } from '../../core/vocabulary.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report.ts';
import type { DataUri, ReportSample, ReportSamples, SampleResult, SampleSketch } from './sample-images.ts';
import { checkpointLabels, format, type Measure, measureTitle } from './select.ts';

/** The section's controls and samples, the worst first. If the script does not run, every sketch of every sample is shown. */
export function sampleGrid(report: Report, shown: ReportSamples, measure: Measure): Html {
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
  sample: ReportSample,
  labels: readonly string[],
  measure: Measure,
  ranked: number,
): Html {
  const { id, hole, value, rank } = sample;
  const about = `${id}, ${hole} hole`;
  return html`<article class="sample" data-rank="${rank}" data-hole="${hole}">
<h3>${id} <span class="note">${hole === 'all' ? '' : `${hole} hole, `}rank ${rank} of ${ranked}, mean ${measureTitle(measure)} ${format(value)}</span></h3>
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
  { degradation, sketch, results }: SampleSketch,
  labels: readonly string[],
  measure: Measure,
  about: string,
): Html {
  const rows = results.map((row, i) => {
    const of = labels.length > 1 ? html`<p class="method">${labels[i]}</p>` : undefined;
    return html`${of}<div class="strip">${row.map((result) => drawResult(report, result, measure, about, degradation))}</div>`;
  });
  return html`<div class="sketch" data-d="${degradation}"><div class="given"><p class="l">d = ${degradation}</p>${picture(
    report,
    sketch,
    'sketch',
    `Sketch for ${about}, degraded by d = ${degradation}`,
  )}</div><div class="made">${rows}</div></div>
`;
}

function drawResult(
  report: Report,
  { l, refinedSketch, firstImage, result, value }: SampleResult,
  { metric }: Measure,
  about: string,
  degradation: number,
): Html {
  const at = l === undefined ? '' : `l = ${l}`;
  const place = `of ${[about, `d = ${degradation}`, at].filter(Boolean).join(', ')}`;
  const measured = value === undefined || Number.isNaN(value) ? '' : ` ${metric.title} ${format(value)}`;
  return html`<div class="result" role="group" aria-label="${at || 'result'}"><p class="l">${at}<small>${measured}</small></p>${
    refinedSketch && picture(report, refinedSketch, CAPTIONS.refinedSketch, `Refined sketch ${place}`)
  }${firstImage && picture(report, firstImage, CAPTIONS.firstImage, `First image ${place}`)}${picture(
    report,
    result,
    CAPTIONS.result,
    `Result ${place}`,
  )}</div>`;
}

function picture(report: Report, data: DataUri, caption: string, alternative: string): Html {
  const side = report.set.resolution;
  return html`<figure><img src="${data}" width="${side}" height="${side}" alt="${alternative}" loading="lazy" decoding="async"><figcaption>${caption}</figcaption></figure>`;
}
