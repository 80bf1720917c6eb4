/** Pictures as networks here have them, and as ONNX models do. */

/** Pictures with interleaved channels [h, w, c] to separate planes [c, h, w], which ONNX models take. */
export function toPlanes(pixels: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const area = pixels.length / channels;
  const planes = new Float32Array(pixels.length);
  for (let i = 0, p = 0; i < area; i++) {
    for (let c = 0; c < channels; c++, p++) planes[c * area + i] = pixels[p];
  }
  return planes;
}

/** Separate planes [c, h, w] to a picture with interleaved channels [h, w, c]. */
export function fromPlanes(planes: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const area = planes.length / channels;
  const pixels = new Float32Array(planes.length);
  for (let i = 0, p = 0; i < area; i++) {
    for (let c = 0; c < channels; c++, p++) pixels[p] = planes[c * area + i];
  }
  return pixels;
}
