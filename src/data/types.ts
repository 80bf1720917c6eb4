import type { Tensor4D } from '../ops/tf.ts';
import type { ColourStrokes } from './colour-strokes.ts';

export type Split = 'train' | 'validation' | 'test';

/** Where a file lies in a tar file, bytes, and when it was changed. */
export interface TarPart {
  readonly offset: number;
  readonly length: number;
  readonly mtimeMs: number;
}

/** An image: a file, or a part of the tar file that `path` names. */
export interface ImageFile {
  readonly path: string;
  readonly part?: TarPart | undefined;
}

/**
 * One image of a source. Its `id` must stay the same for good, as the split and the order of training derive from it; the
 * sources of the config take the path below `root`, with forward slashes, in a tar file that of the tar file before it.
 */
export interface SourceItem extends ImageFile {
  readonly id: string;
}

/** What the files of a source are: photos, or pictures of a photo and its sketch side by side. */
export type SourceForm =
  | { readonly kind: 'photos'; readonly crop: 'centre' | 'face' }
  | { readonly kind: 'pairs'; readonly sketchFirst: boolean };

/**
 * Where photos come from. A program may hand its own to `trainRun`: any list of files with ids. `summary` and `root` are
 * for messages; sources of another `root` or `form` are cached apart.
 */
export interface OpenedSource {
  /** The folder that ids are relative to, or a name for the source. */
  readonly root: string;
  readonly form: SourceForm;
  readonly items: readonly SourceItem[];
  /** What was found, for a person: for example `30000 photos in data/CelebA-HQ-img`. */
  readonly summary: string;
  /** Of one of several sources: what ids of its samples begin with, and how often they are drawn. */
  readonly mixed?: { readonly name: string; readonly weight: number };
}

/** A file that cannot be used, and why. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
}

/**
 * A prepared sample: `pairPath` is a PNG of 2n x n pixels, photo left and sketch right (the original's own format),
 * n being the run's resolution; or, with `part`, a tar file that holds the PNG.
 */
export interface PreparedSample {
  readonly id: string;
  /** What the cache knows the pair by: equal ones are of equal photos, prepared alike. Undefined outside of the cache. */
  readonly key?: string | undefined;
  /** Name of its source, where several are mixed. */
  readonly source?: string | undefined;
  readonly pairPath: string;
  readonly part?: TarPart | undefined;
}

/** What `prepare` makes of a source. */
export interface PreparedData {
  readonly resolution: number;
  /** Where the pairs and the list of problems lie, of each source. */
  readonly folders: readonly string[];
  /** Of several sources, how often the samples of each are drawn in training, by the source's name. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  readonly samples: Record<Split, readonly PreparedSample[]>;
  readonly problems: readonly Problem[];
}

/** Decoded samples, bytes 0..255: images [n, s, s, 3] RGB, sketches [n, s, s, 1] with 0 = line and 255 = paper. */
export interface RawBatch {
  readonly ids: readonly string[];
  readonly resolution: number;
  readonly images: Uint8Array;
  readonly sketches: Uint8Array;
  /** Which samples were mirrored: their holes are mirrored as well. Default: none. */
  readonly mirrored?: readonly boolean[];
}

/**
 * What a training step gets, NHWC at the run's resolution. `image` [n,s,s,3] and `sketch` [n,s,s,1] in [-1, 1]
 * (sketch: -1 line, +1 paper; one pixel wide lines, before any degradation), `hole` [n,s,s,1], 1 = hole, 0 = known.
 */
export interface Batch {
  readonly image: Tensor4D;
  readonly sketch: Tensor4D;
  readonly hole: Tensor4D;
  /** Strokes of colour that are given; methods that learn to use some draw their own in training. */
  readonly colour?: ColourStrokes;
}
