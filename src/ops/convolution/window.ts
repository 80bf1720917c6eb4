/** The window of a convolution: how far it moves, how its taps are spread, and what it finds beyond the border. */
import { type Attribute, attribute } from '../raw.ts';

export interface Window {
  /** 1 by default. */
  readonly stride?: number;
  /** Distance of the kernel's taps, px; 1 by default. With a dilation above 1 the stride must be 1. */
  readonly dilation?: number;
  /**
   * Pixels of zeros on every side, as `padding` in torch; or `same` as in TensorFlow: as many as give a result of
   * ceil(size / stride) pixels. If their number is odd, bottom and right get one more than top and left.
   */
  readonly padding: number | 'same';
}

/** Pixels of the result along a side of `size`, with a kernel of `taps`. */
export function windowedSize(size: number, taps: number, window: Window): number {
  const { stride = 1, dilation = 1, padding } = window;
  if (padding === 'same') return Math.ceil(size / stride);
  return Math.floor((size + 2 * padding - (taps - 1) * dilation - 1) / stride) + 1;
}

/** Zeros before and after a side of `size` px. */
export function zeroPadding(size: number, taps: number, window: Window): [before: number, after: number] {
  const { stride = 1, dilation = 1, padding } = window;
  if (padding !== 'same') return [padding, padding];
  const reach = (windowedSize(size, taps, window) - 1) * stride + (taps - 1) * dilation + 1;
  const total = Math.max(0, reach - size);
  return [total >> 1, total - (total >> 1)];
}

/** Attributes of TensorFlow's Conv2D and its gradients. */
export function windowAttributes({ stride = 1, dilation = 1, padding }: Window): Attribute[] {
  const common = [
    attribute.type('T', 'float32'),
    attribute.int('strides', [1, stride, stride, 1]),
    attribute.int('dilations', [1, dilation, dilation, 1]),
    attribute.string('data_format', 'NHWC'),
  ];
  if (padding === 'same') return [...common, attribute.string('padding', 'SAME')];
  if (padding === 0) return [...common, attribute.string('padding', 'VALID')];
  const sides = [0, 0, padding, padding, padding, padding, 0, 0];
  return [...common, attribute.string('padding', 'EXPLICIT'), attribute.int('explicit_paddings', sides)];
}
