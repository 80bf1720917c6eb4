/** State dicts of PyTorch as people have them: what training tools wrap around a network's own keys, and averaged weights. */
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { WeightFile } from '../weights/weight-file.ts';

/** What DataParallel, torch.compile, FSDP and checkpointing put into keys, in any place. */
const WRAPPERS = new Set(['module', '_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module']);

/** Names of a state dict in a file that say nothing of what network it is. */
export const GENERAL: ReadonlySet<string> = new Set(
  'state_dict model net network params weights generator ema params_ema model_ema state_dict_ema'.split(' '),
);

/** A file by the keys that its network has without wrappers, spectral norms as PyTorch wrote them before version 2. */
export function plainKeys(file: WeightFile): WeightFile {
  const tensors = new Map([...file.tensors].map(([key, tensor]) => [plainKey(key), tensor]));
  // Where two keys become one they mean something else.
  return tensors.size === file.tensors.size ? { ...file, tensors } : file;
}

function plainKey(key: string): string {
  return key
    .split('.')
    .filter((part) => !WRAPPERS.has(part))
    .join('.')
    .replace(/\.parametrizations\.(\w+)\.original$/, '.$1_orig')
    .replace(/\.parametrizations\.(\w+)\.0\._([uv])$/, '.$1_$2');
}

/**
 * A file in which each network's weights are once. Tools keep moving averages beside the weights that an optimiser has
 * (`params_ema` beside `params`, `g_ema` beside `g`); the averages make the better pictures.
 *
 * @param asked the dictionary to take, in place of the averages. @param several whether other files are imported with it.
 * @throws UserError when the file has no such dictionary.
 */
export function chooseParams(
  file: WeightFile,
  { asked, several, reporter }: { asked: string | undefined; several: boolean; reporter: Reporter },
): WeightFile {
  const tops = [...new Set([...file.tensors.keys()].map(topOf))];
  const averaged = tops.filter((top) => isAverage(top));
  if (asked !== undefined && !tops.includes(asked)) {
    // Of several files some may hold their network once.
    if (several && averaged.length === 0) return file;
    throw new UserError('A file has no such dictionary of weights.', {
      where: `--params ${asked}`,
      expected: `${file.path}: ${tops.slice(0, 9).join(', ')}`,
      got: asked,
    });
  }
  const plain = (average: string) => tops.filter((top) => top !== average && sameTensors(file, top, average));
  const dropped = asked === undefined ? averaged.flatMap(plain) : tops.filter((top) => top !== asked);
  if (dropped.length === 0) return file;
  if (asked === undefined)
    reporter.info(
      `${file.path}: the averaged weights are taken (${averaged.join(', ')}); --params ${dropped[0]} takes the others.`,
    );
  const tensors = [...file.tensors].filter(([key]) => !dropped.includes(topOf(key)));
  return { ...file, tensors: new Map(tensors) };
}

const topOf = (key: string): string => key.split('.', 1)[0];

const isAverage = (name: string): boolean => /(^|_)ema(_|$)|(^|_)(avg|averaged)(_|$)/i.test(name);

/** Whether all tensors below `average` are below `top` as well, in the same shapes. */
function sameTensors({ tensors }: WeightFile, top: string, average: string): boolean {
  return [...tensors].every(([key, { shape }]) => {
    if (topOf(key) !== average) return true;
    const other = tensors.get(`${top}${key.slice(average.length)}`);
    return other !== undefined && String(other.shape) === String(shape);
  });
}
