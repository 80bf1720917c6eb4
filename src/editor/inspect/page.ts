/** The page of a data set. It has no script: its buttons are forms. */
import { html } from 'hono/html';
import type { RunConfig } from '../../config/run-config.ts';
import type { PreparedSample, Split } from '../../data/types.ts';
import type { Size } from '../../infer/raster.ts';

/** So many samples are on a page. */
const PAGE = 12;

export interface InspectedSample extends PreparedSample {
  readonly split: Split;
}

/** What the page shows. */
export interface Inspected {
  readonly config: RunConfig;
  readonly samples: readonly InspectedSample[];
  /** Ids. */
  readonly excluded: ReadonlySet<string>;
  /** The list's path, and whether the config names it. */
  readonly list: string;
  readonly isNamed: boolean;
  /** Of the samples' pictures, px. */
  readonly size: Size;
  /** Other pictures have another. */
  readonly version: string;
}

const SPLITS: Readonly<Record<Split, string>> = {
  train: 'training',
  validation: 'validation',
  test: 'held out for the final table',
};

/** The page, from 1, that a sample is on. */
export const pageOf = (index: number): number => Math.floor(index / PAGE) + 1;

/** @param wanted the page's number; another one than there is counts as the nearest. */
export function inspectionPage(inspected: Inspected, wanted: number) {
  const { config, samples, excluded, list, isNamed } = inspected;
  const last = pageOf(samples.length - 1);
  const page = Math.min(last, Math.max(1, Math.floor(wanted) || 1));
  const from = (page - 1) * PAGE;
  const shown = samples.slice(from, from + PAGE);
  const augments = Object.values(config.data.augment).some((value) => Boolean(value));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="color-scheme" content="light dark" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${config.name}: the data set</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <h1>${config.name}: what the training sees</h1>
          <p>
            ${samples.length} samples at ${config.resolution} px.
            ${
              config.task === 'edit' &&
              html`<strong>White is the hole</strong>, which the network fills; of the photo it is given the rest.
                <strong>Lines are dark</strong>, paper is white; they count inside the hole alone.`
            }
            Holes and rough sketches are drawn at random, anew in each step; here is one draw of each.
            ${augments && 'The random changes of data.augment are not shown.'}
          </p>
          <p>
            ${excluded.size === 0 ? 'Nothing is left out.' : `${excluded.size} left out.`} The list is
            <code>${list}</code>${
              isNamed
                ? ', which the config names: training leaves out what it has.'
                : html`. Put this into the config, so that training leaves out what it has:
                    <code>data: { exclude: '${list}' }</code>`
            }
          </p>
        </header>
        ${pages(page, last)}
        <main>${shown.map((_, i) => showSample(inspected, from + i))}</main>
        ${pages(page, last)}
      </body>
    </html>`;
}

function pages(page: number, last: number) {
  const link = (to: number, name: string) =>
    to >= 1 && to <= last && to !== page
      ? html`<a href="/?page=${to}">${name}</a>`
      : html`<span>${name}</span>`;
  return html`<nav aria-label="Pages">
    ${link(1, 'First')} ${link(page - 1, 'Previous')}
    <form action="/" method="get">
      <label>Page <input name="page" type="number" min="1" max="${last}" value="${page}" /></label> of ${last}
      <button>Go</button>
    </form>
    ${link(page + 1, 'Next')} ${link(last, 'Last')}
  </nav>`;
}

function showSample({ samples, excluded, size, version }: Inspected, index: number) {
  const { id, split } = samples[index];
  const isExcluded = excluded.has(id);
  return html`<section id="sample-${index}" class="${isExcluded ? 'left-out' : ''}">
    <h2>${id}</h2>
    <form action="/samples/${index}" method="post">
      <span>${isExcluded ? 'left out' : SPLITS[split]}</span>
      ${
        isExcluded
          ? html`<button name="exclude" value="no" aria-label="Take back: ${id}">Take back</button>`
          : html`<button name="exclude" value="yes" aria-label="Leave out: ${id}">Leave out</button>`
      }
    </form>
    <img
      src="/samples/${index}.png?${version}"
      width="${size.width}"
      height="${size.height}"
      alt="Photo, hole and sketches of ${id}"
    />
  </section>`;
}

export const inspectionStyle = `
body { margin: 0; padding: 1rem; background: light-dark(#fafbfb, #1b1f1f); color: light-dark(#1b2121, #eaefee); font: 16px / 1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { max-width: 60rem; }
h1, h2 { margin: 0.5rem 0; line-height: 1.2; }
h2 { font-size: 1rem; }
a { color: light-dark(#0f766e, #4ecdb8); }
button, input { min-height: 2rem; padding: 0 0.75rem; font: inherit; }
input { width: 6rem; box-sizing: border-box; }
nav, nav form, section form { display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem; }
nav { padding: 0.5rem 0; }
section { padding: 0.5rem 0 1rem; border-top: 1px solid light-dark(#d3d9d9, #333a3a); }
section img { display: block; height: auto; max-width: 100%; margin-top: 0.5rem; }
.left-out img { opacity: 0.35; }
`;
