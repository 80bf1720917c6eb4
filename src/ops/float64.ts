/**
 * Linear algebra on matrices of doubles, on the native engine. TF.js has no tensors of doubles, so these matrices are
 * not tensors, and exist only inside {@link withFloat64}. The addon passes floats alone; a double is passed as the sum
 * of two, which keeps 48 of its 53 bits.
 */
import { type Attribute, attribute, nativeBackend } from './raw.ts';

/** A matrix on the native engine, of rows and columns. */
export interface Matrix {
  readonly id: number;
  readonly shape: readonly number[];
}

/** TF_DOUBLE, which the addon does not export. */
const DOUBLE = 2;

interface Binding {
  readonly TF_FLOAT: number;
  readonly TF_ATTR_TYPE: number;
  createTensor(shape: readonly number[], type: number, data: Float32Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array;
  executeOp(op: string, attributes: Attribute[], inputs: number[], outputs: number): Matrix[];
}

const binding = () => nativeBackend().binding as unknown as Binding;

const type = (name: string, value: number): Attribute => ({ name, type: binding().TF_ATTR_TYPE, value });

export class Float64 {
  readonly #alive = new Set<number>();

  /** A matrix of row-major values. */
  matrix(values: Float64Array, shape: readonly [number, number]): Matrix {
    const high = Float32Array.from(values);
    const low = new Float32Array(values.length);
    for (let i = 0; i < low.length; i++) low[i] = values[i] - high[i];
    const a = this.#fromFloats(high, shape);
    const b = this.#fromFloats(low, shape);
    const sum = this.#run('AddV2', [type('T', DOUBLE)], [a, b]);
    this.free(a, b);
    return sum;
  }

  /** The product of a and b, each transposed first if asked for. */
  product(a: Matrix, b: Matrix, { transposeA = false, transposeB = false } = {}): Matrix {
    const attributes = [
      type('T', DOUBLE),
      attribute.bool('transpose_a', transposeA),
      attribute.bool('transpose_b', transposeB),
    ];
    return this.#run('MatMul', attributes, [a, b]);
  }

  /** a times b, element by element; b is broadcast. */
  times(a: Matrix, b: Matrix): Matrix {
    return this.#run('Mul', [type('T', DOUBLE)], [a, b]);
  }

  /** Eigenvalues [d] in rising order of a symmetric matrix [d,d], and its eigenvectors as columns [d,d]. */
  eigen(a: Matrix): { values: Matrix; vectors: Matrix } {
    const attributes = [type('T', DOUBLE), attribute.bool('compute_v', true)];
    const [values, vectors] = this.#runs('SelfAdjointEigV2', attributes, [a], 2);
    return { values, vectors };
  }

  /** The eigenvalues of a symmetric matrix without its eigenvectors, which is quicker than {@link eigen}. */
  eigenvalues(a: Matrix): Matrix {
    const attributes = [type('T', DOUBLE), attribute.bool('compute_v', false)];
    return this.#runs('SelfAdjointEigV2', attributes, [a], 2)[0];
  }

  /** The values, row-major. */
  read(a: Matrix): Float64Array {
    const high = this.#cast(a, DOUBLE, binding().TF_FLOAT);
    const wide = this.#cast(high, binding().TF_FLOAT, DOUBLE);
    const rest = this.#run('Sub', [type('T', DOUBLE)], [a, wide]);
    const low = this.#cast(rest, DOUBLE, binding().TF_FLOAT);
    const values = Float64Array.from(binding().tensorDataSync(high.id));
    const lowValues = binding().tensorDataSync(low.id);
    for (let i = 0; i < values.length; i++) values[i] += lowValues[i];
    this.free(high, wide, rest, low);
    return values;
  }

  /** Frees some matrices now rather than at the end. */
  free(...matrices: readonly Matrix[]): void {
    for (const { id } of matrices) {
      if (this.#alive.delete(id)) binding().deleteTensor(id);
    }
  }

  /** Frees every matrix made. */
  dispose(): void {
    for (const id of this.#alive) binding().deleteTensor(id);
    this.#alive.clear();
  }

  #fromFloats(values: Float32Array, shape: readonly [number, number]): Matrix {
    const id = binding().createTensor(shape, binding().TF_FLOAT, values);
    this.#alive.add(id);
    const wide = this.#cast({ id, shape }, binding().TF_FLOAT, DOUBLE);
    this.free({ id, shape });
    return wide;
  }

  #cast(a: Matrix, from: number, to: number): Matrix {
    return this.#run('Cast', [type('SrcT', from), type('DstT', to), attribute.bool('Truncate', false)], [a]);
  }

  #run(op: string, attributes: Attribute[], inputs: Matrix[]): Matrix {
    return this.#runs(op, attributes, inputs, 1)[0];
  }

  #runs(op: string, attributes: Attribute[], inputs: Matrix[], outputs: number): Matrix[] {
    const ids = inputs.map(({ id }) => id);
    const results = binding().executeOp(op, attributes, ids, outputs);
    for (const { id } of results) this.#alive.add(id);
    return results;
  }
}

/** Returns what `compute` returns, and frees all matrices that it made. */
export function withFloat64<R>(compute: (float64: Float64) => R): R {
  const float64 = new Float64();
  try {
    return compute(float64);
  } finally {
    float64.dispose();
  }
}
