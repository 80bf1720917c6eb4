/** What both stages are made of: canvases that fill them, in the screen's own pixels. */
import type { Size } from '../../../infer/raster.ts';

/** Larger canvases would take too long to paint. */
const maxPixels = 2e6;

/** Watches a stage's size. `onResize` gets it in CSS px, and how many px of the canvases one of them is. */
export function fillStage(
  stage: HTMLElement,
  canvases: readonly HTMLCanvasElement[],
  onResize: (size: Size, density: number) => void,
): void {
  new ResizeObserver(() => {
    const size = { width: Math.max(1, stage.clientWidth), height: Math.max(1, stage.clientHeight) };
    const density = Math.min(devicePixelRatio, Math.sqrt(maxPixels / (size.width * size.height)));
    for (const canvas of canvases) {
      canvas.width = Math.round(size.width * density);
      canvas.height = Math.round(size.height * density);
    }
    onResize(size, density);
  }).observe(stage);
}

/** A canvas's drawing context. */
export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('The browser cannot draw on a canvas.');
  return context;
}

/** The smallest copy of a photo that is at least as large as it is shown. */
export function pictureFor(pictures: readonly ImageBitmap[], scale: number): ImageBitmap {
  const halvings = Math.floor(Math.log2(1 / Math.max(scale, 1e-6)) + 1e-6);
  return pictures[Math.min(Math.max(halvings, 0), pictures.length - 1)];
}

/** Calls `paint` once before the screen is drawn next, however often it is asked to. */
export function beforeNextFrame(paint: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  };
}
