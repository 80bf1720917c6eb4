/** What the second pass shades: triangles on projected vertices, each with a way to colour a point in a triangle. */

/** Writes the linear-light colour of a point into `out`; the weights of the triangle's corners sum to 1. */
export type Shader = (triangle: number, wa: number, wb: number, wc: number, out: Float32Array) => void;

export interface Surface {
  /** View-space vertices. */
  readonly positions: Float32Array;
  readonly triangles: Uint32Array;
  readonly shade: Shader;
}

/** The picture being made, `size` x `size` samples: linear-light colours and the depth of what is seen. */
export interface Frame {
  readonly size: number;
  readonly colour: Float32Array;
  readonly depth: Float32Array;
}
