/** What part of the photo is seen. Both stages look through one camera, so that they show the same part. */
import type { Region, Size } from '../../../infer/raster.ts';
import type { Point } from '../drawing/geometry.ts';

export interface Camera {
  /** 1: the whole photo fits the stage. */
  readonly zoom: number;
  /** What stands in the stage's middle, px of the photo. */
  readonly centre: Point;
}

/** Where the photo stands on a stage: stage px = photo px * scale + offset. */
export interface Viewport {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const margin = 16;
/** A small photo is enlarged to fit, up to so many times. */
const maxFit = 8;
const minZoom = 0.5;
/** A pixel of the photo is at most so many px of the stage wide. */
const maxScale = 40;

export const wholePhoto = ({ width, height }: Size): Camera => ({
  zoom: 1,
  centre: { x: width / 2, y: height / 2 },
});

/** So that a square of the photo fits the stage. */
export function closeUp({ x, y, size }: Region, photo: Size, stage: Size): Camera {
  const square = { width: size, height: size };
  const centre = { x: x + size / 2, y: y + size / 2 };
  return inside({ zoom: fitScale(square, stage) / fitScale(photo, stage), centre }, photo);
}

function fitScale(photo: Size, stage: Size): number {
  const room = (length: number) => Math.max(1, length - 2 * margin);
  return Math.min(room(stage.width) / photo.width, room(stage.height) / photo.height, maxFit);
}

export function viewportOf({ zoom, centre }: Camera, photo: Size, stage: Size): Viewport {
  const scale = fitScale(photo, stage) * zoom;
  return { scale, x: stage.width / 2 - centre.x * scale, y: stage.height / 2 - centre.y * scale };
}

export const toPhoto = ({ scale, x, y }: Viewport, point: Point): Point => ({
  x: (point.x - x) / scale,
  y: (point.y - y) / scale,
});

export const toStage = ({ scale, x, y }: Viewport, point: Point): Point => ({
  x: point.x * scale + x,
  y: point.y * scale + y,
});

/** Enlarges by `factor`; what is under `at` (px of the stage) stays there. */
export function zoomed(camera: Camera, factor: number, at: Point, photo: Size, stage: Size): Camera {
  const most = Math.max(1, maxScale / fitScale(photo, stage));
  const zoom = Math.min(Math.max(camera.zoom * factor, minZoom), most);
  const held = toPhoto(viewportOf(camera, photo, stage), at);
  const ratio = camera.zoom / zoom;
  const keep = (centre: number, point: number) => point + (centre - point) * ratio;
  return inside(
    { zoom, centre: { x: keep(camera.centre.x, held.x), y: keep(camera.centre.y, held.y) } },
    photo,
  );
}

/** Moves the photo by so many px of the stage. */
export function panned(camera: Camera, by: Point, photo: Size, stage: Size): Camera {
  const { scale } = viewportOf(camera, photo, stage);
  const { x, y } = camera.centre;
  return inside({ ...camera, centre: { x: x - by.x / scale, y: y - by.y / scale } }, photo);
}

/** So that the photo cannot be lost from sight. */
function inside({ zoom, centre }: Camera, { width, height }: Size): Camera {
  return {
    zoom,
    centre: { x: Math.min(Math.max(centre.x, 0), width), y: Math.min(Math.max(centre.y, 0), height) },
  };
}
