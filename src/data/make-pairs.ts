/** Makes training pairs of source files: by edge detection from photos, or by resizing from pairs of another size. */
import type { RunConfig } from '../config/run-config.ts';
import { loadHed } from '../nn/hed.ts';
import { type CropFinder, decodePhoto, imageInput, resizeRgb, UnusableImage } from './decode.ts';
import { detectEdges } from './detect-edges.ts';
import { edgeMapToSketch, linesToSketch, resizeMap } from './edges.ts';
import { loadFaceCrop } from './face-crop.ts';
import { decodeForeignPair, type Pair } from './pair.ts';
import type { ImageFile, SourceForm } from './types.ts';

export interface PairMaker {
  /** How many files to give at once. */
  readonly batch: number;
  /** Pairs of files, in their order, or why a file cannot be used. Calls may overlap. */
  make(files: readonly ImageFile[]): Promise<(Pair | UnusableImage)[]>;
  dispose(): void;
}

/** Pixels that HED sees at once: bounds its memory to some hundred megabytes. */
const pixelsAtOnce = 2 ** 19;

/** @throws UserError when HED's weights are needed and missing. */
export async function openPairMaker(config: RunConfig, form: SourceForm): Promise<PairMaker> {
  if (form.kind === 'pairs') return openPairResizer(config, form.sketchFirst);
  return openEdgeDetector(config, form.crop === 'face' ? await loadFaceCrop() : undefined);
}

async function openEdgeDetector(config: RunConfig, findCrop: CropFinder | undefined): Promise<PairMaker> {
  const { resolution: n, data } = config;
  const { size, padding } = data.edges;
  const hed = await loadHed();
  const side = Math.max(size, n);
  // Up to twice enlarged a photo still serves; beyond that it would teach blur.
  const minimumSide = Math.ceil(n / 2);

  const decode = async (file: ImageFile) => decodePhoto(await imageInput(file), side, minimumSide, findCrop);
  const make = async (files: readonly ImageFile[]) => {
    const decoded = await Promise.all(files.map((file) => decode(file).catch(unusable)));
    const photos = decoded.filter((result): result is Buffer => !(result instanceof UnusableImage));
    const [seen, kept] = await Promise.all(
      [size, n].map((target) =>
        Promise.all(photos.map((data) => resizeRgb({ data, width: side, height: side }, target, target))),
      ),
    );
    const maps = photos.length > 0 ? await detectEdges(hed, seen, size, padding) : [];
    // The pairs in the places of their photos.
    let next = 0;
    return decoded.map((result) => {
      if (result instanceof UnusableImage) return result;
      const i = next++;
      const map = size === n ? maps[i] : resizeMap(maps[i], size, size, n, n);
      return { photo: kept[i], sketch: edgeMapToSketch(map, n, n, data.edges) };
    });
  };
  const batch = Math.max(1, Math.floor(pixelsAtOnce / (size + 2 * padding) ** 2));
  return { batch, make, dispose: () => hed.dispose() };
}

function openPairResizer({ resolution: n, data }: RunConfig, sketchFirst: boolean): PairMaker {
  const resizePair = async (file: ImageFile): Promise<Pair> => {
    const { photo, sketch, side } = await decodeForeignPair(await imageInput(file), sketchFirst);
    if (side === n) return { photo, sketch };
    const pixels = await resizeRgb({ data: Buffer.from(photo), width: side, height: side }, n, n);
    // A thin line that shrinks gets fainter by as much; it is drawn anew, one pixel wide and at full strength.
    const ink = Float32Array.from(sketch, (value) => 1 - value / 255);
    const threshold = side > n ? (0.4 * n) / side : 0.5;
    const lines = resizeMap(ink, side, side, n, n);
    return { photo: pixels, sketch: linesToSketch(lines, n, n, { ...data.edges, threshold }) };
  };
  return {
    batch: 16,
    make: (files) => Promise.all(files.map((file) => resizePair(file).catch(unusable))),
    dispose() {},
  };
}

/** Hands on why a file cannot be used as a result; anything else is a defect and goes up. */
function unusable(error: unknown): UnusableImage {
  if (error instanceof UnusableImage) return error;
  throw error;
}
