/** What an edit begins with: a photo, a project or an example, read and decoded. */
import type { Size } from '../../../infer/raster.ts';
import type { Command } from '../drawing/changes.ts';
import type { Start } from '../drawing/history.ts';
import { say } from '../texts/say.ts';
import { type DecodedPhoto, decodeLayer, decodePhoto, decodeProject } from './files.ts';
import { Problem } from './pixels.ts';

/** What an edit begins with, unless its file says something else. */
export type Settings = Pick<Start, 'l' | 'region' | 'model'>;

/** A face of the examples with a drawing that changes it. All but the name are addresses. */
export interface SampleFiles {
  readonly name: string;
  readonly photo: string;
  readonly hole?: string | undefined;
  readonly sketch?: string | undefined;
}

/** An edit that has not begun yet. */
export interface Beginning {
  readonly name: string;
  /** The file of the photo. */
  readonly source: Blob;
  readonly decoded: DecodedPhoto;
  readonly start: Start;
}

/** Reads a photo or a project, which is known by its content. @throws Problem */
export async function readFile(blob: Blob, name: string, settings: Settings): Promise<Beginning> {
  const isProject = blob.type === 'application/json' || name.endsWith('.json');
  const project = isProject ? decodeProject(await blob.text()) : undefined;
  const source = project?.photo ?? blob;
  const decoded = await decodePhoto(source);
  const drawing = project ? await decodeDrawing(project, decoded.photo) : [];
  const start = { ...settings, drawing, l: project?.l ?? settings.l };
  return { name: project?.name ?? name, source, decoded, start };
}

/** @throws Problem */
export async function readSample(
  { name, photo, hole, sketch }: SampleFiles,
  settings: Settings,
): Promise<Beginning> {
  const source = await load(photo);
  const decoded = await decodePhoto(source);
  const files = {
    hole: hole ? await load(hole) : undefined,
    sketch: sketch ? await load(sketch) : undefined,
  };
  const drawing = await decodeDrawing(files, decoded.photo);
  return { name, source, decoded, start: { ...settings, drawing } };
}

/** A drawing from its files, as changes of an empty one. */
async function decodeDrawing(
  { hole, sketch, colour }: { hole?: Blob | undefined; sketch?: Blob | undefined; colour?: Blob | undefined },
  size: Size,
): Promise<Command> {
  const layers = [
    ['hole', hole],
    ['lines', sketch],
    ['colour', colour],
  ] as const;
  const decoded = await Promise.all(
    layers.map(([layer, blob]) => (blob ? decodeLayer(blob, size, layer) : [])),
  );
  return decoded.flat();
}

async function load(address: string): Promise<Blob> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw new Problem(say`The sample cannot be loaded: the server does not answer.`);
  return response.blob();
}
