import type { EditorDescription } from './description.ts';
import type { ModelDescription } from './native/messages.ts';

/** What the page is told of a checkpoint. */
export function describeModel(model: ModelDescription): Pick<EditorDescription, 'model' | 'edges'> {
  const { run, step, method, resolution, controls, webgpuProblem } = model;
  const { size, threshold, minimumSize } = model.edges;
  return {
    model: { name: `${run}, step ${step}`, method, resolution, controls, webgpuProblem },
    edges: { size, threshold, minimumSize },
  };
}
