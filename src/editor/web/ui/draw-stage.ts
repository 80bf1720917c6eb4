/** The left stage: the photo with the drawing over it, and the brushes. */
import type { Size } from '../../../infer/raster.ts';
import { layerNames } from '../drawing/changes.ts';
import { cutRect, growRect, isEmptyRect, joinRects, type Point, type Rect } from '../drawing/geometry.ts';
import type { Contact, Workspace } from '../tools/tool.ts';
import { toolOf } from '../tools/tools.ts';
import { paintOverlay } from '../view/overlay.ts';
import { toPhoto, toStage, type Viewport, viewportOf } from '../view/viewport.ts';
import { listenToArrows } from './arrows.ts';
import type { BrushSizes } from './brush-panel.ts';
import { button, div, within } from './dom.ts';
import type { Editor, OpenPhoto } from './editor.ts';
import { isRestingHand, listenToPointers, type Press, pointOf } from './pointers.ts';
import { holeColours, lineColours, preferences } from './preferences.ts';
import { beforeNextFrame, context2d, fillStage, pictureFor } from './stage.ts';

/** Lines and their edges reach so far beyond the pixels that changed, px. */
const reach = 4;
/** Bits of the buttons that are down. */
const rightButton = 2;
/** A pen's other end. */
const penEraser = 32;

interface Selected {
  readonly lines: readonly (readonly Point[])[];
  readonly corners: readonly Point[];
}

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
  /** Whether a pointer draws. */
  #pressed = false;
  /** A line that is not part of the drawing, px of the photo. */
  #outline: readonly Point[] = [];
  /** Lines that are selected, and the corners of the box around them, px of the photo. */
  #selected: Selected = { lines: [], corners: [] };
  readonly #deleter = button('delete-lines');
  readonly #work: Workspace;

  constructor(editor: Editor, sizes: BrushSizes) {
    this.#editor = editor;
    this.#sizes = sizes;
    const [photo, overlay] = [...this.#stage.querySelectorAll('canvas')].map(context2d);
    this.#photo = photo;
    this.#overlay = overlay;
    this.#brush = within(this.#stage, '.brush', HTMLDivElement);
    this.#work = this.#workspace();
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
    let inHand = editor.tool.value;
    editor.tool.watch((tool) => {
      inHand.finish?.(this.#work);
      inHand = tool;
      this.#showBrush();
    });
    editor.layer.watch(() => this.#showBrush());
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
      if (editor.photo.value && !this.#pressed) editor.tool.value.hover?.(this.#work, this.#contact(event));
    });
    this.#stage.addEventListener('pointerleave', () => this.#moveBrush(undefined));
    const liftKeys = listenToArrows({
      editor,
      stage: this.#stage,
      work: this.#work,
      size: () => this.#size,
      moveBrush: (to) => this.#moveBrush(to),
      position: () => this.#at ?? { x: this.#size.width / 2, y: this.#size.height / 2 },
      toPhoto: (point) => toPhoto(this.#view, point),
    });
    editor.onInterrupt = () => {
      liftPointer();
      liftKeys();
      editor.tool.value.finish?.(this.#work);
    };
    this.#deleter.addEventListener('click', () => {
      editor.tool.value.press?.(this.#work, 'Delete', false);
      this.#stage.focus();
    });
    this.#stage.addEventListener('keydown', (event) => this.#hold(event, true));
    this.#stage.addEventListener('keyup', (event) => this.#hold(event, false));
    this.#stage.addEventListener('blur', () => {
      this.#holdsSpace = false;
    });
  }

  #workspace(): Workspace {
    const editor = this.#editor;
    const open = (): OpenPhoto => {
      if (!editor.photo.value) throw new Error('Without a photo there is nothing to draw on.');
      return editor.photo.value;
    };
    const view = () => this.#view;
    return {
      get drawing() {
        return open().drawing;
      },
      get picture() {
        return open().pictures[0];
      },
      get scale() {
        return view().scale;
      },
      get layer() {
        return editor.layer.value;
      },
      sizeOf: (layer) => this.#sizes[layer].value,
      outline: (points = []) => {
        this.#outline = points;
        this.#showOutline();
      },
      select: (lines = [], corners = []) => {
        this.#selected = { lines, corners };
        this.#showSelection();
      },
      use: (id) => {
        editor.tool.value = toolOf(id);
      },
      findLandmarks: () => editor.findLandmarks(),
      tell: (text) => {
        editor.notice.value = { text, isProblem: false };
      },
    };
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
    const { value: tool } = this.#editor.tool;
    if (this.#editor.busy.value) return idle;
    if (this.#holdsSpace || tool.cursor === 'hand') return undefined;
    if (isRestingHand(event)) return idle;
    const gesture = tool.down(this.#work, this.#contact(event));
    if (!gesture) return undefined;
    this.#brush.classList.add('down');
    this.#pressed = true;
    const lift = (finish: () => void) => {
      this.#brush.classList.remove('down');
      this.#pressed = false;
      finish();
    };
    return {
      move: (events) => gesture.move(events.map((e) => this.#contact(e))),
      end: () => lift(() => gesture.up()),
      cancel: () => lift(() => gesture.cancel()),
    };
  }

  #contact(event: PointerEvent): Contact {
    return {
      ...toPhoto(this.#view, pointOf(event, this.#stage)),
      pressure: pressureOf(event),
      shift: event.shiftKey,
      erases: event.altKey || (event.buttons & (rightButton | penEraser)) !== 0,
      isExact: false,
      slack: event.pointerType === 'touch' ? fingerSlack : 8,
    };
  }

  #moveBrush(to: Point | undefined): void {
    this.#at = to;
    this.#showBrush();
  }

  #showBrush(): void {
    const { tool, layer, photo } = this.#editor;
    const { cursor, widen } = tool.value;
    const draws = cursor !== 'hand' && !this.#holdsSpace;
    this.#stage.classList.toggle('pan', !draws);
    this.#stage.classList.toggle('drawing', draws && photo.value !== undefined);
    const at = draws && photo.value ? this.#at : undefined;
    this.#brush.hidden = !at;
    this.#brush.classList.toggle('cross', cursor === 'cross');
    if (!at) return;
    const size = this.#sizes[layer.value].value * (widen?.(layer.value) ?? 1);
    const diameter = cursor === 'cross' ? crossSize : Math.max(5, size * this.#view.scale);
    const { x, y } = at;
    Object.assign(this.#brush.style, {
      width: `${diameter}px`,
      height: `${diameter}px`,
      transform: `translate(${x - diameter / 2}px, ${y - diameter / 2}px)`,
    });
  }

  #showOutline(): void {
    const points = this.#editor.photo.value ? this.#outline : [];
    const places = points.map((point) => toStage(this.#view, point));
    const text = places.map(({ x, y }) => `${x},${y}`).join(' ');
    for (const line of this.#stage.querySelectorAll('.outline polygon')) line.setAttribute('points', text);
  }

  #showSelection(): void {
    const { lines, corners } = this.#editor.photo.value ? this.#selected : { lines: [], corners: [] };
    const place = (point: Point) => {
      const { x, y } = toStage(this.#view, point);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    };
    const path = (points: readonly Point[], end = '') => `M${points.map(place).join('L')}${end}`;
    // A line of one place has no length: its round ends are what one sees.
    const ways = lines.map((line) => path(line.length > 1 ? line : [...line, ...line])).join('');
    for (const line of this.#stage.querySelectorAll('.selected-line')) line.setAttribute('d', ways);
    const box = corners.length > 0 ? path(corners, 'Z') : '';
    for (const line of this.#stage.querySelectorAll('.selected-box')) line.setAttribute('d', box);
    const handles = corners.map((corner) => path([corner, corner])).join('');
    for (const line of this.#stage.querySelectorAll('.selected-handles')) line.setAttribute('d', handles);
    this.#deleter.hidden = lines.length === 0;
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
    this.#showOutline();
    this.#showSelection();
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

/** Half of the 44 px that fingers need. */
const fingerSlack = 22;

/** The side of the cross that tools without a size have, CSS px. */
const crossSize = 21;

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
