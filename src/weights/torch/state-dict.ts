import { UserError } from '../../runtime/errors.ts';
import { describe, PickleTuple, type PickleValue } from './pickle-values.ts';
import { TensorView } from './tensor.ts';

const MAX_DEPTH = 16;
const MAX_ENTRIES = 100_000;

/**
 * The tensors in nested dictionaries and lists by their keys, joined by dots: `{'state_dict': {'conv1.weight': t}}` gives
 * `state_dict.conv1.weight`, and the second tensor of a list `list.1`. What is no tensor is left out.
 *
 * @param path the file, for messages.
 * @throws UserError when there is no tensor, two have one name, or the nesting has no end.
 */
export function flatten(value: PickleValue, path: string): Map<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  let visited = 0;
  const refuse = (expected: string, got: string) =>
    new UserError('A PyTorch file does not hold a state dict.', {
      where: path,
      expected,
      got,
      fix: 'in Python, save the weights alone: torch.save(model.state_dict(), "weights.pth")',
    });
  const visit = (item: PickleValue, name: string, depth: number): void => {
    visited += 1;
    if (visited > MAX_ENTRIES || depth > MAX_DEPTH)
      throw refuse(`at most ${MAX_ENTRIES} entries in ${MAX_DEPTH} levels`, 'more');
    if (item instanceof TensorView) {
      if (tensors.has(name)) throw refuse('a name of its own for every tensor', `two named ${name}`);
      tensors.set(name, item);
      return;
    }
    for (const [key, child] of childrenOf(item)) {
      if (typeof key === 'string' || typeof key === 'number')
        visit(child, name === '' ? String(key) : `${name}.${key}`, depth + 1);
    }
  };
  visit(value, '', 0);
  if (tensors.size === 0 || tensors.has(''))
    throw refuse(
      'a dictionary of tensors by name',
      value instanceof Map ? 'no tensor in it' : describe(value),
    );
  return tensors;
}

function childrenOf(value: PickleValue): Iterable<readonly [PickleValue, PickleValue]> {
  if (value instanceof Map) return value;
  if (value instanceof PickleTuple) return value.items.entries();
  return Array.isArray(value) ? value.entries() : [];
}
