/** The examples: some on the first screen, all in a dialog. Each shows its drawing, and what the model makes of it. */
import type { Sample } from '../../wire.ts';
import { say, translated } from '../texts/say.ts';
import { button, dialog, div, element, make } from './dom.ts';
import type { Editor } from './editor.ts';
import type { Records } from './records.ts';

/** So many are on the first screen. */
const first = 3;

export function connectSamples(editor: Editor, records: Records): { open(): void } {
  const window = dialog('examples-dialog');
  const { samples } = editor.description;
  const results = new SampleResults(samples);

  const choose = ({ person, photo, hole, sketch }: Sample, withDrawing = true) => {
    window.close();
    void records.openSample({ name: `${person}.jpg`, photo, ...(withDrawing && { hole, sketch }) });
  };

  const card = (sample: Sample): HTMLElement => {
    const name = translated(sample.name);
    const result = make('button', 'example');
    result.type = 'button';
    result.setAttribute('aria-label', `${name}, ${sample.person}`);
    const before = document.createElement('img');
    Object.assign(before, { src: sample.drawn, alt: '' });
    result.append(before, results.picture(sample), make('span', 'example-name', name));
    result.addEventListener('click', () => choose(sample));
    return result;
  };

  const welcome = div('welcome-samples');
  welcome.replaceChildren(...samples.slice(0, first).map(card));
  // Until something is open; what is drawn comes first.
  void results.load(first, () => editor.photo.value === undefined);

  const fill = () => {
    element('samples-text', HTMLParagraphElement).textContent = samples.some(
      ({ photo }) => photo === 'samples/astronaut.jpg',
    )
      ? say`Drawings, and what this model makes of them. The people are drawn and do not exist, but for the astronaut Eileen Collins (NASA).`
      : say`Drawings, and what this model makes of them. The people are drawn and do not exist.`;
    const cards = samples.map((sample) => {
      const alone = make('button', 'chip', say`Without the drawing`);
      alone.type = 'button';
      alone.setAttribute('aria-label', say`${sample.person}, without a drawing`);
      alone.addEventListener('click', () => choose(sample, false));
      const result = make('div', 'sample');
      result.append(card(sample), alone);
      return result;
    });
    div('samples').replaceChildren(...cards);
  };
  const open = () => {
    fill();
    window.showModal();
    void results.load(samples.length, () => window.open);
  };
  button('examples').addEventListener('click', open);
  button('welcome-examples').addEventListener('click', open);
  return { open };
}

/** What the model makes of the examples. A server computes it when it is asked: one after the other, to answer others meanwhile. */
class SampleResults {
  readonly #samples: readonly Sample[];
  readonly #pictures = new Map<Sample, HTMLImageElement[]>();
  readonly #loaded = new Set<Sample>();
  /** Settled when what was begun last is done. */
  #last: Promise<void> = Promise.resolve();

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  /** A place for an example's result. */
  picture(sample: Sample): HTMLImageElement {
    const image = document.createElement('img');
    image.alt = '';
    this.#pictures.set(sample, [...(this.#pictures.get(sample) ?? []), image]);
    if (this.#loaded.has(sample)) image.src = sample.result;
    else image.className = 'waiting';
    return image;
  }

  /** Loads the first so many, as long as somebody looks at them. */
  load(count: number, isWanted: () => boolean): Promise<void> {
    this.#last = this.#last.then(async () => {
      for (const sample of this.#samples.slice(0, count)) {
        if (!isWanted()) return;
        if (!this.#loaded.has(sample)) await this.#load(sample);
      }
    });
    return this.#last;
  }

  async #load(sample: Sample): Promise<void> {
    const image = new Image();
    image.src = sample.result;
    // Without it, the drawing alone is shown.
    const isThere = await image.decode().then(
      () => true,
      () => false,
    );
    if (!isThere) return;
    this.#loaded.add(sample);
    for (const place of this.#pictures.get(sample) ?? []) {
      place.src = sample.result;
      place.classList.remove('waiting');
    }
  }
}
