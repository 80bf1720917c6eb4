/** The left stage: the photo with the drawing over it, and the brushes. */
import type { Size } from '../../../infer/raster.ts';
import { colourWord, layerNames, type Rgb } from '../drawing/changes.ts';
import type { Stroke } from '../drawing/drawing.ts';
import { cutRect, growRect, isEmptyRect, joinRects, type Point, type Rect } from '../drawing/geometry.ts';
import { paintOverlay } from '../view/overlay.ts';
import { panned, toPhoto, toStage, type Viewport, viewportOf } from '../view/viewport.ts';
import type { BrushSizes } from './brush-panel.ts';
import { div, within } from './dom.ts';
import { type Editor, layerOf, type OpenPhoto, type Tool } from './editor.ts';
import { isRestingHand, listenToPointers, type Press, pointOf } from './pointers.ts';
import { holeColours, lineColours, preferences } from './preferences.ts';
import { beforeNextFrame, context2d, fillStage, pictureFor } from './stage.ts';

/** Lines and their edges reach so far beyond the pixels that changed, px. */
const reach = 4;
/** The button of a pen's other end, in a bit field. */
const penEraser = 32;

export class DrawStage {
  readonly #editor: Editor;
  readonly #sizes: BrushSizes;
  readonly #stage = div('draw-stage');
  readonly #photo: CanvasRenderingContext2D;
  readonly #overlay: CanvasRenderingContext2D;
  readonly #brush: HTMLElement;
  #size: Size = { width: 1, height: 1 };
  #density = 1;
  /** What is to be painted anew of the overlay, px of the photo. */
  #dirty: Rect = { left: 0, top: 0, right: 0, bottom: 0 };
  /** Where the brush is, CSS px of the stage. */
  #at: Point | undefined;
  #holdsSpace = false;

  constructor(editor: Editor, sizes: BrushSizes) {
    this.#editor = editor;
    this.#sizes = sizes;
    const [photo, overlay] = [...this.#stage.querySelectorAll('canvas')].map(context2d);
    this.#photo = photo;
    this.#overlay = overlay;
    this.#brush = within(this.#stage, '.brush', HTMLDivElement);
    fillStage(this.#stage, [photo.canvas, overlay.canvas], (size, density) => {
      this.#size = size;
      this.#density = density;
      this.#paintAll();
    });
    editor.onRepaint = (rect) => {
      this.#dirty = joinRects(this.#dirty, rect);
      paintPart();
    };
    const paintPart = beforeNextFrame(() => this.#paintOverlay());
    const paintAll = beforeNextFrame(() => this.#paintAll());
    editor.photo.watch(paintAll);
    editor.camera.watch(paintAll);
    preferences.hole.watch(paintAll);
    preferences.lines.watch(paintAll);
    editor.tool.watch(() => this.#showBrush());
    for (const name of layerNames) sizes[name].watch(() => this.#showBrush());
    const liftPointer = listenToPointers({
      editor,
      stage: this.#stage,
      size: () => this.#size,
      press: (event) => this.#press(event),
    });
    this.#stage.addEventListener('pointermove', (event) => {
      this.#at = event.pointerType === 'touch' ? undefined : pointOf(event, this.#stage);
      this.#showBrush();
    });
    this.#stage.addEventListener('pointerleave', () => this.#moveBrush(undefined));
    const liftKeys = listenToArrows(this.#stage, {
      editor,
      size: () => this.#size,
      moveBrush: (to) => this.#moveBrush(to),
      position: () => this.#at ?? { x: this.#size.width / 2, y: this.#size.height / 2 },
      toPhoto: (point) => toPhoto(this.#view, point),
      begin: (at) => this.#begin(this.#editor.tool.value, at),
    });
    editor.onInterrupt = () => {
      liftPointer();
      liftKeys();
    };
    this.#stage.addEventListener('keydown', (event) => this.#hold(event, true));
    this.#stage.addEventListener('keyup', (event) => this.#hold(event, false));
    this.#stage.addEventListener('blur', () => {
      this.#holdsSpace = false;
    });
  }

  get #view(): Viewport {
    const { photo, camera } = this.#editor;
    if (!photo.value) throw new Error('Without a photo there is nothing to look at.');
    return viewportOf(camera.value, photo.value.drawing, this.#size);
  }

  /** While the space bar is held the pointer moves the view. */
  #hold(event: KeyboardEvent, down: boolean): void {
    if (event.key !== ' ') return;
    event.preventDefault();
    this.#holdsSpace = down;
    this.#showBrush();
  }

  #press(event: PointerEvent): Press | undefined {
    const erases = (event.buttons & penEraser) !== 0 || event.button === 2;
    const { value: tool } = this.#editor.tool;
    if (this.#editor.busy.value) return idle;
    if (tool === 'pan' || this.#holdsSpace) return undefined;
    if (isRestingHand(event)) return idle;
    const layer = layerOf(tool);
    const at = pointOf(event, this.#stage);
    const begun = this.#begin(erases && layer ? `${layer}-eraser` : tool, at);
    if (!begun) return idle;
    const radius = (e: PointerEvent) => begun.radius * pressureOf(e);
    let last = toPhoto(this.#view, at);
    begun.stroke.segment(last, last, radius(event));
    this.#brush.classList.add('down');
    const lift = (finish: () => void) => {
      this.#brush.classList.remove('down');
      finish();
    };
    return {
      move: (events) => {
        for (const e of events) {
          const next = toPhoto(this.#view, pointOf(e, this.#stage));
          begun.stroke.segment(last, next, radius(e));
          last = next;
        }
      },
      end: () => lift(() => begun.stroke.end()),
      cancel: () => lift(() => begun.stroke.cancel()),
    };
  }

  /** @param at CSS px of the stage. */
  #begin(tool: Tool, at: Point): { stroke: Stroke; radius: number } | undefined {
    const { value } = this.#editor.photo;
    if (!value) return undefined;
    const layer = layerOf(tool);
    if (layer) {
      const radius = (this.#sizes[layer].value / 2) * (tool === 'lines-eraser' ? eraserFactor : 1);
      const mark = layer === 'colour' ? colourWord(preferences.stroke.value) : 1;
      return { stroke: value.drawing.stroke(layer, tool.endsWith('eraser') ? 0 : mark), radius };
    }
    const colour = tool === 'pipette' && colourAt(value, toPhoto(this.#view, at));
    if (colour) {
      preferences.stroke.value = colour;
      this.#editor.tool.value = 'colour';
    }
    return undefined;
  }

  #moveBrush(to: Point | undefined): void {
    this.#at = to;
    this.#showBrush();
  }

  #showBrush(): void {
    const { tool, photo } = this.#editor;
    const draws = tool.value !== 'pan' && !this.#holdsSpace;
    this.#stage.classList.toggle('pan', !draws);
    this.#stage.classList.toggle('drawing', draws && photo.value !== undefined);
    const at = draws && photo.value ? this.#at : undefined;
    this.#brush.hidden = !at;
    if (!at) return;
    const layer = layerOf(tool.value);
    const factor = tool.value === 'lines-eraser' ? eraserFactor : 1;
    const diameter = Math.max(5, layer ? this.#sizes[layer].value * factor * this.#view.scale : 0);
    const { x, y } = at;
    Object.assign(this.#brush.style, {
      width: `${diameter}px`,
      height: `${diameter}px`,
      transform: `translate(${x - diameter / 2}px, ${y - diameter / 2}px)`,
    });
  }

  #paintAll(): void {
    const { value } = this.#editor.photo;
    const canvas = this.#photo;
    canvas.clearRect(0, 0, canvas.canvas.width, canvas.canvas.height);
    this.#overlay.clearRect(0, 0, canvas.canvas.width, canvas.canvas.height);
    if (!value) return;
    const { scale, x, y } = scaled(this.#view, this.#density);
    canvas.imageSmoothingEnabled = scale < 3;
    const { width, height } = value.drawing;
    canvas.drawImage(pictureFor(value.pictures, scale), x, y, width * scale, height * scale);
    this.#dirty = { left: 0, top: 0, right: width, bottom: height };
    this.#paintOverlay();
    this.#showBrush();
  }

  #paintOverlay(): void {
    const drawing = this.#editor.photo.value?.drawing;
    if (!drawing || isEmptyRect(this.#dirty)) return;
    const view = scaled(this.#view, this.#density);
    const from = toStage(view, { x: this.#dirty.left, y: this.#dirty.top });
    const to = toStage(view, { x: this.#dirty.right, y: this.#dirty.bottom });
    const { width, height } = this.#overlay.canvas;
    const rect = cutRect(
      growRect(
        {
          left: Math.floor(from.x),
          top: Math.floor(from.y),
          right: Math.ceil(to.x),
          bottom: Math.ceil(to.y),
        },
        reach,
      ),
      { left: 0, top: 0, right: width, bottom: height },
    );
    this.#dirty = { left: 0, top: 0, right: 0, bottom: 0 };
    if (isEmptyRect(rect)) return;
    const colours = {
      hole: holeColours[preferences.hole.value].rgb,
      lines: lineColours[preferences.lines.value].rgb,
    };
    const pixels = paintOverlay(drawing, view, rect, colours);
    this.#overlay.putImageData(new ImageData(pixels, rect.right - rect.left), rect.left, rect.top);
  }
}

/** The eraser of lines is so much wider than their brush: nobody can follow a thin line exactly. */
const eraserFactor = 4;

/** A pointer that does nothing until it is lifted. */
const idle: Press = { move() {}, end() {}, cancel() {} };

/** Only pens tell how hard they are pressed. */
function pressureOf({ pointerType, pressure }: PointerEvent): number {
  return pointerType === 'pen' && preferences.pressure.value && pressure > 0 ? 0.3 + 1.4 * pressure : 1;
}

const scaled = ({ scale, x, y }: Viewport, by: number): Viewport => ({
  scale: scale * by,
  x: x * by,
  y: y * by,
});

/** The photo's colour at a point, px of the photo; undefined outside. */
function colourAt({ pictures, drawing }: OpenPhoto, { x, y }: Point): Rgb | undefined {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (left < 0 || top < 0 || left >= drawing.width || top >= drawing.height) return undefined;
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  context?.drawImage(pictures[0], left, top, 1, 1, 0, 0, 1, 1);
  const data = context?.getImageData(0, 0, 1, 1).data;
  return data && [data[0], data[1], data[2]];
}

interface KeyboardBrush {
  readonly editor: Editor;
  readonly size: () => Size;
  /** The brush's place, CSS px of the stage. */
  readonly position: () => Point;
  readonly moveBrush: (to: Point) => void;
  readonly toPhoto: (point: Point) => Point;
  /** What Enter begins with the brush there; nothing where the tool has no stroke. */
  readonly begin: (at: Point) => { stroke: Stroke; radius: number } | undefined;
}

/** A press of an arrow moves the brush by so many px; with Alt by one. */
const step = 6;
const panStep = 40;
const directions: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Drawing without a pointer: arrows move the brush, Enter puts it down and lifts it. Returns what lifts it. */
function listenToArrows(stage: HTMLElement, brush: KeyboardBrush): () => void {
  const { editor } = brush;
  let drawing: { stroke: Stroke; radius: number } | undefined;
  const lift = () => {
    const ended = drawing;
    drawing = undefined;
    ended?.stroke.end();
  };
  const draw = (from: Point, to: Point) =>
    drawing?.stroke.segment(brush.toPhoto(from), brush.toPhoto(to), drawing.radius);

  stage.addEventListener('keydown', (event) => {
    const photo = editor.photo.value;
    if (!photo || editor.busy.value || event.ctrlKey || event.metaKey) return;
    const at = brush.position();
    const direction = directions[event.key];
    if (direction) {
      event.preventDefault();
      if (event.shiftKey || editor.tool.value === 'pan') {
        const by = { x: -direction.x * panStep, y: -direction.y * panStep };
        editor.camera.value = panned(editor.camera.value, by, photo.drawing, brush.size());
        return;
      }
      const length = event.altKey ? 1 : step;
      const { width, height } = brush.size();
      const to = {
        x: Math.min(Math.max(at.x + direction.x * length, 0), width),
        y: Math.min(Math.max(at.y + direction.y * length, 0), height),
      };
      draw(at, to);
      brush.moveBrush(to);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (drawing) return lift();
      drawing = brush.begin(at);
      brush.moveBrush(at);
      draw(at, at);
    } else if (event.key === 'Escape' && drawing) {
      drawing.stroke.cancel();
      drawing = undefined;
    }
  });
  stage.addEventListener('blur', lift);
  stage.addEventListener('pointerdown', lift);
  editor.tool.watch(lift);
  return lift;
}
