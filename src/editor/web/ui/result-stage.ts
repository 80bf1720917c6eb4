/** The right stage: the photo with the result in its place, and the photo as it was left of a divider. */
import type { Size } from '../../../infer/raster.ts';
import type { Rect } from '../drawing/geometry.ts';
import { say } from '../texts/say.ts';
import { toStage, viewportOf } from '../view/viewport.ts';
import { div, within } from './dom.ts';
import type { Editor } from './editor.ts';
import { listenToPointers, pointOf } from './pointers.ts';
import { Signal } from './signal.ts';
import { beforeNextFrame, context2d, fillStage, pictureFor } from './stage.ts';

export class ResultStage {
  readonly #editor: Editor;
  readonly #stage = div('result-stage');
  readonly #divider = div('divider');
  readonly #canvas: CanvasRenderingContext2D;
  #size: Size = { width: 1, height: 1 };
  #density = 1;
  /** Share of the photo's width, from the left, that shows it as it was. */
  readonly #split = new Signal(0);

  constructor(editor: Editor) {
    this.#editor = editor;
    this.#canvas = context2d(within(this.#stage, 'canvas', HTMLCanvasElement));
    const paint = beforeNextFrame(() => this.#paint());
    fillStage(this.#stage, [this.#canvas.canvas], (size, density) => {
      this.#size = size;
      this.#density = density;
      this.#paint();
    });
    editor.photo.watch(paint);
    editor.camera.watch(paint);
    editor.results.outcome.watch(paint);
    editor.results.preview.watch(paint);
    editor.results.compared.watch((compared) => {
      this.#split.value = compared ? 0.5 : 0;
      paint();
    });
    this.#split.watch((value) => {
      const percent = Math.round(value * 100);
      this.#divider.setAttribute('aria-valuenow', String(percent));
      this.#divider.setAttribute('aria-valuetext', say`${percent}% before, ${100 - percent}% after`);
      this.#divider.classList.toggle('at-end', value === 0 || value === 1);
      paint();
    });
    this.#stage.classList.add('pan');
    listenToPointers({ editor, stage: this.#stage, size: () => this.#size, press: () => undefined });
    this.#listenToDivider();
  }

  /** All before, or all after. */
  toggleBefore(): void {
    this.#split.value = this.#split.value < 1 ? 1 : 0;
  }

  #listenToDivider(): void {
    const set = (share: number) => {
      this.#split.value = Math.min(Math.max(share, 0), 1);
    };
    this.#divider.addEventListener('pointerdown', (event) => {
      this.#divider.setPointerCapture(event.pointerId);
    });
    this.#divider.addEventListener('pointermove', (event) => {
      if (!this.#divider.hasPointerCapture(event.pointerId)) return;
      const [left, right] = this.#edges();
      set((pointOf(event, this.#stage).x - left) / (right - left));
    });
    const steps: Record<string, number> = {
      ArrowLeft: -0.05,
      ArrowDown: -0.05,
      ArrowRight: 0.05,
      ArrowUp: 0.05,
      Home: -1,
      End: 1,
    };
    this.#divider.addEventListener('keydown', (event) => {
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      set(Math.round((this.#split.value + step) * 100) / 100);
    });
  }

  /** The photo's visible left and right border, CSS px of the stage. */
  #edges(): [number, number] {
    const drawing = this.#editor.photo.value?.drawing;
    if (!drawing) return [0, this.#size.width];
    const view = viewportOf(this.#editor.camera.value, drawing, this.#size);
    const left = toStage(view, { x: 0, y: 0 }).x;
    const right = toStage(view, { x: drawing.width, y: 0 }).x;
    return [Math.max(left, 0), Math.min(right, this.#size.width)];
  }

  #paint(): void {
    const { photo, camera, results } = this.#editor;
    const { shown, compared } = results;
    const canvas = this.#canvas;
    canvas.clearRect(0, 0, canvas.canvas.width, canvas.canvas.height);
    this.#divider.hidden = !shown;
    if (!photo.value) return;
    const { drawing, pictures } = photo.value;
    const view = viewportOf(camera.value, drawing, this.#size);
    const [scale, x, y] = [view.scale * this.#density, view.x * this.#density, view.y * this.#density];
    canvas.imageSmoothingEnabled = scale < 3;
    canvas.drawImage(pictureFor(pictures, scale), x, y, drawing.width * scale, drawing.height * scale);
    const drawPart = (part: { rect: Rect; pictures: readonly ImageBitmap[] }) => {
      const [width, height] = [part.rect.right - part.rect.left, part.rect.bottom - part.rect.top];
      canvas.drawImage(
        pictureFor(part.pictures, scale),
        x + part.rect.left * scale,
        y + part.rect.top * scale,
        width * scale,
        height * scale,
      );
    };
    if (!shown) return;
    const [left, right] = this.#edges();
    const split = left + (right - left) * this.#split.value;
    this.#divider.style.left = `${split}px`;
    const drawBetween = (from: number, to: number, part: Parameters<typeof drawPart>[0]) => {
      canvas.save();
      canvas.beginPath();
      canvas.rect(from, 0, to - from, canvas.canvas.height);
      canvas.clip();
      drawPart(part);
      canvas.restore();
    };
    if (compared.value) drawBetween(0, split * this.#density, compared.value);
    drawBetween(split * this.#density, canvas.canvas.width, shown);
  }
}
