/**
 * A computation as a graph of TensorFlow operations, from which files of other formats are made. Values are NHWC as
 * everywhere; formats with another layout convert.
 */

export type GraphType = 'float32' | 'int32' | 'bool';
/** Sizes of the dimensions; null is the batch size, which is open. */
export type GraphShape = readonly (number | null)[];
/** Identifies a value within its graph. */
export type ValueId = number;

/** What is known of a value, whether input, constant or result of a node. */
export interface GraphValue {
  readonly type: GraphType;
  readonly shape: GraphShape;
}

/** Weights and fixed numbers. Booleans are 0 or 1. */
export interface GraphConstant {
  /** The variable's name where it is a network's weight. */
  readonly name?: string | undefined;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** An operation of TensorFlow, with its own attributes but without those of type (`T`, `Tidx`, ...). */
export interface GraphNode {
  /** TensorFlow's name, for example `Conv2D`. */
  readonly op: string;
  readonly attributes: Readonly<Record<string, number | boolean | string | readonly number[]>>;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
}

export interface Graph {
  readonly values: ReadonlyMap<ValueId, GraphValue>;
  readonly constants: ReadonlyMap<ValueId, GraphConstant>;
  /** In an order in which they can be computed. */
  readonly nodes: readonly GraphNode[];
  /** By the names that users of the graph see, in their order. */
  readonly inputs: ReadonlyMap<string, ValueId>;
  readonly outputs: ReadonlyMap<string, ValueId>;
}
