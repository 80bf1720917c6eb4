import type { NetworkGroup } from './groups.ts';
import { recognizeDeepFill } from './tf1-deepfill.ts';
import type { Tf1System } from './tf1-network.ts';
import { recognizeScFegan } from './tf1-scfegan.ts';

/** Recognises a TensorFlow 1 checkpoint of another system; undefined for other networks. Throws as they do. */
export function recognizeTf1(group: NetworkGroup): Tf1System | undefined {
  if (group.signature === 'inpaint_net/conv1/kernel') return recognizeDeepFill(group);
  if (group.signature === 'generator/gconv1_ds/kernel') return recognizeScFegan(group);
  return undefined;
}
