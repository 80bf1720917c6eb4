/** What the threads that render faces and the one that started them tell each other. */

export interface RenderJob {
  readonly assetsDir: string;
  readonly cacheDir: string;
  /** Where the pictures go. */
  readonly folder: string;
  readonly size: number;
  readonly seed: number;
}

/** Sent to a worker: the number of a face to render, or that there is none left. */
export type ToWorker = { readonly face: number } | { readonly end: true };

/** Sent by a worker: it waits for work, having finished that face unless it is new; or it failed. */
export type FromWorker =
  | { readonly done: number | undefined }
  | { readonly failed: number; readonly reason: string };

/** The seed of face number `face` of the set of that seed. */
export function faceSeed(seed: number, face: number): string {
  return `${seed}/${face}`;
}

/** The name of a face's file. */
export function faceFile(face: number): string {
  return `face-${String(face).padStart(6, '0')}.png`;
}
