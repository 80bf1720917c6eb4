/**
 * A training step as one function of TensorFlow. A step is recorded while it runs call by call; the function does the same
 * to variables that stay in TensorFlow, and guards them: a step whose numbers are not finite leaves all as it was.
 */
import { FunctionBuilder, type Output, type TensorFlowFunction } from '../graph/function.ts';
import { lookUp, type ValueId } from '../graph/graph.ts';
import { type RecordedNode, type Recording, record } from '../graph/record.ts';
import { type Attribute, attribute } from '../ops/raw.ts';
import { assignResource, createResource, destroyResource, readResource } from '../ops/resource.ts';
import { type Tensor, tf, type Variable } from '../ops/tf.ts';
import type { NamedTensors, StepScalars } from './method.ts';

/** How a function keeps state when a step's numbers are not finite. XLA knows no operations that do not happen. */
export type Guard = 'switch' | 'select';

/** The variables of a stage as TensorFlow's own, which functions change in place. */
export class DeviceVariables {
  readonly #handles = new Map<Variable, Tensor>();
  /** Those that are ours to free; others are an optimiser's. */
  readonly #own: Tensor[] = [];
  /** The data that TF.js's variable had when both were equal. */
  readonly #equal = new Map<Variable, object>();
  /** Set once a step was not done: those that follow are not done either, until the host has seen it. */
  readonly halted = createResource([], 'bool');
  #ahead = false;

  constructor() {
    this.#own.push(this.halted);
    this.resume();
  }

  /** Lets steps happen again. */
  resume(): void {
    tf.tidy(() => assignResource(this.halted, tf.scalar(false, 'bool'), 'bool'));
  }

  /** The handle of a variable. @param handle an optimiser's that takes the place of one of our own. */
  handle(variable: Variable, handle?: Tensor): Tensor {
    const known = this.#handles.get(variable);
    if (known) return known;
    const made = handle ?? createResource(variable.shape);
    if (!handle) this.#own.push(made);
    this.#handles.set(variable, made);
    return made;
  }

  /** Gives TensorFlow the values that TF.js's variables have been given since. */
  push(): void {
    for (const [variable, handle] of this.#handles) {
      if (this.#equal.get(variable) === variable.dataId) continue;
      assignResource(handle, variable);
      this.#equal.set(variable, variable.dataId);
    }
  }

  /** TensorFlow's are about to change. */
  moveOn(): void {
    this.#ahead = true;
  }

  /** Gives TF.js's variables the values that TensorFlow has: before anything but a compiled step looks at them. */
  pull(): void {
    if (!this.#ahead) return;
    for (const [variable, handle] of this.#handles) {
      tf.tidy(() => variable.assign(readResource(handle) as Variable));
      this.#equal.set(variable, variable.dataId);
    }
    this.#ahead = false;
  }

  dispose(): void {
    for (const handle of this.#own) destroyResource(handle);
  }
}

/** What {@link recordStep} gives: the step that it did, and how to do it again. */
export interface RecordedStep {
  readonly scalars: StepScalars;
  readonly recording: Recording;
  /** The variables that the step changed, by the names of the recording's outputs. */
  readonly changed: ReadonlyMap<string, Variable>;
  readonly weights: Readonly<Record<string, Variable>>;
}

/**
 * Runs a step call by call and records it.
 *
 * @param weights all variables that the step may change, by name.
 * @param step leaves no tensors but its scalars, which the caller disposes of.
 * @throws Error when the step reads numbers that depend on its inputs.
 */
export function recordStep(
  inputs: NamedTensors,
  weights: Readonly<Record<string, Variable>>,
  step: (inputs: NamedTensors) => StepScalars,
): RecordedStep {
  const entries = Object.entries(weights);
  const before = new Map(entries.map(([name, { dataId }]) => [name, dataId]));
  const changed = new Map<string, Variable>();
  const done: StepScalars[] = [];
  const names = new Map(entries.map(([name, { dataId }]) => [dataId, name]));
  const run = () => {
    const scalars = step(inputs);
    done.push(scalars);
    for (const [name, variable] of entries)
      if (variable.dataId !== before.get(name)) changed.set(name, variable);
    return {
      ...prefixed('loss/', scalars.losses),
      ...prefixed('norm/', scalars.gradientNorms),
      ...Object.fromEntries(changed),
    };
  };
  const recording = record(inputs, run, names);
  return { scalars: done[0], recording, changed, weights };
}

const prefixed = <T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

/** A recorded step, for inputs of the shapes that it was recorded with. */
export class CompiledStep {
  readonly #function: TensorFlowFunction;
  readonly #inputs: readonly string[];
  readonly #captured: readonly Tensor[];
  readonly #losses: readonly string[];
  readonly #norms: readonly string[];
  readonly #variables: DeviceVariables;

  constructor(step: RecordedStep, variables: DeviceVariables, guard: Guard) {
    const maker = new StepFunction(step, variables, guard);
    this.#function = maker.build();
    this.#captured = maker.captured;
    this.#inputs = [...step.recording.inputs.keys()];
    this.#losses = Object.keys(step.scalars.losses);
    this.#norms = Object.keys(step.scalars.gradientNorms);
    this.#variables = variables;
  }

  /** A step. @returns its losses and lengths of gradients [k] on the device, in the order of `names`. */
  run(inputs: NamedTensors, attributes: readonly Attribute[] = []): Tensor {
    this.#variables.push();
    this.#variables.moveOn();
    const given = this.#inputs.map((name) => inputs[name]);
    const [values] = this.#function.call([...given, ...this.#captured], attributes);
    return values;
  }

  /** The numbers of {@link run} by their names. */
  named(values: ArrayLike<number>): {
    losses: Record<string, number>;
    gradientNorms: Record<string, number>;
  } {
    const from = (names: readonly string[], start: number) =>
      Object.fromEntries(names.map((name, i) => [name, values[start + i]]));
    return { losses: from(this.#losses, 0), gradientNorms: from(this.#norms, this.#losses.length) };
  }

  dispose(): void {
    this.#function.dispose();
  }
}

const FLOAT = 'float32';

/** Writes a recorded step as a function. */
class StepFunction {
  /** What it is given after the step's inputs. */
  readonly captured: Tensor[] = [];
  readonly #builder = new FunctionBuilder();
  readonly #step: RecordedStep;
  readonly #guard: Guard;
  readonly #places = new Map<ValueId, Output>();
  readonly #resources = new Map<Tensor, Output>();
  /** For each handle the node that wrote it last, and those that have read it since. */
  readonly #lastWrite = new Map<Output, string>();
  readonly #readers = new Map<Output, string[]>();
  /** What handles held that the step writes before it is known whether it counts. */
  readonly #old = new Map<Output, Output>();
  readonly #ends: string[] = [];
  readonly #variables: DeviceVariables;

  constructor(step: RecordedStep, variables: DeviceVariables, guard: Guard) {
    this.#step = step;
    this.#variables = variables;
    this.#guard = guard;
  }

  build(): TensorFlowFunction {
    const { recording, changed, weights } = this.#step;
    const { inputs, outputs, constants, values, resources } = recording;
    for (const id of inputs.values()) this.#places.set(id, this.#builder.input(lookUp(values, id)));
    for (const [id, tensor] of resources) this.#places.set(id, this.#resource(tensor));
    const storage = this.#storage();
    for (const [id, constant] of constants) {
      const variable = constant.name === undefined ? undefined : weights[constant.name];
      const handle = variable && storage.get(variable);
      const place = handle ? this.#read(handle) : this.#builder.constant(lookUp(values, id).type, constant);
      this.#places.set(id, place);
    }
    const nodes = this.#withoutFinalReads(storage);
    const lastTouch = new Map<ValueId, number>();
    for (const [index, { inputs }] of nodes.entries())
      for (const id of inputs) if (resources.has(id)) lastTouch.set(id, index);
    const deferred: RecordedNode[] = [];
    for (const [index, node] of nodes.entries()) {
      const handles = node.inputs.filter((id) => resources.has(id));
      if (handles.length === 0 || node.op === 'ReadVariableOp')
        this.#add(
          node,
          node.inputs.map((id) => this.#place(id)),
        );
      else if (this.#guard === 'switch' && handles.every((id) => lastTouch.get(id) === index))
        deferred.push(node);
      else {
        for (const id of handles) this.#remember(this.#place(id));
        this.#add(
          node,
          node.inputs.map((id) => this.#place(id)),
        );
      }
    }
    const scalars = [...outputs].filter(([name]) => !changed.has(name)).map(([, id]) => this.#place(id));
    const packed = this.#node(
      'Pack',
      [attribute.int('N', scalars.length), attribute.type('T', FLOAT), attribute.int('axis', 0)],
      scalars,
    );
    const accepted = this.#accepted(packed);
    for (const node of deferred) this.#addIf(accepted, node);
    for (const [handle, old] of this.#old) this.#keepIf(accepted, handle, old);
    for (const [name, variable] of changed) {
      const id = outputs.get(name);
      const handle = storage.get(variable);
      if (id === undefined || handle === undefined) throw new Error(`No place for the variable ${name}`);
      if (!this.#final.has(variable)) this.#commitIf(accepted, handle, this.#place(id));
    }
    return this.#builder.build([packed], this.#ends);
  }

  /** Variables whose new value is where it belongs already. */
  readonly #final = new Set<Variable>();

  /**
   * Where each changed variable lives. An optimiser begins by copying the variable to one of TensorFlow's own: that one is
   * the variable's place from now on, and the copying is left out.
   */
  #storage(): Map<Variable, Output> {
    const { recording, changed } = this.#step;
    const storage = new Map<Variable, Output>();
    const touched = new Set<ValueId>();
    for (const node of recording.nodes) {
      const handles = node.inputs.filter((id) => recording.resources.has(id));
      if (node.op === 'AssignVariableOp' && !touched.has(handles[0])) {
        const name = recording.constants.get(node.inputs[1])?.name;
        const variable = name === undefined ? undefined : changed.get(name);
        const tensor = recording.resources.get(handles[0]);
        if (
          variable &&
          tensor &&
          !storage.has(variable) &&
          this.#variables.handle(variable, tensor) === tensor
        ) {
          storage.set(variable, this.#place(handles[0]));
          this.#copies.add(node);
        }
      }
      for (const id of handles) touched.add(id);
    }
    for (const variable of changed.values())
      if (!storage.has(variable)) storage.set(variable, this.#resource(this.#variables.handle(variable)));
    return storage;
  }

  readonly #copies = new Set<RecordedNode>();

  /** The nodes, without copies from a variable to where it lives, and without reads that only say what it is in the end. */
  #withoutFinalReads(storage: ReadonlyMap<Variable, Output>): RecordedNode[] {
    const { recording, changed } = this.#step;
    const uses = new Map<ValueId, number>();
    for (const { inputs } of recording.nodes) for (const id of inputs) uses.set(id, (uses.get(id) ?? 0) + 1);
    const lastRead = new Map<ValueId, RecordedNode>();
    const lastWrite = new Map<Output, number>();
    const readAt = new Map<RecordedNode, number>();
    for (const [index, node] of recording.nodes.entries()) {
      if (node.op === 'ReadVariableOp') {
        lastRead.set(node.outputs[0], node);
        readAt.set(node, index);
      } else
        for (const id of node.inputs) if (recording.resources.has(id)) lastWrite.set(this.#place(id), index);
    }
    const dropped = new Set<RecordedNode>(this.#copies);
    for (const [name, variable] of changed) {
      const id = recording.outputs.get(name);
      const node = id === undefined ? undefined : lastRead.get(id);
      const handle = storage.get(variable);
      if (id === undefined || !node || handle === undefined || this.#place(node.inputs[0]) !== handle)
        continue;
      if ((lastWrite.get(handle) ?? -1) > (readAt.get(node) ?? -1)) continue;
      this.#final.add(variable);
      if (!uses.has(id)) dropped.add(node);
    }
    return recording.nodes.filter((node) => !dropped.has(node));
  }

  #resource(tensor: Tensor): Output {
    const known = this.#resources.get(tensor);
    if (known !== undefined) return known;
    const place = this.#builder.input({ type: 'resource', shape: [] });
    this.#resources.set(tensor, place);
    this.captured.push(tensor);
    return place;
  }

  #place(id: ValueId): Output {
    return lookUp(this.#places, id);
  }

  #node(
    op: string,
    attributes: readonly Attribute[],
    inputs: readonly Output[],
    after: readonly string[] = [],
  ): Output {
    return `${this.#builder.node(op, attributes, inputs, after)}:0`;
  }

  /** An operation of the recording, in the order that its variables want. */
  #add(node: RecordedNode, inputs: readonly Output[]): void {
    const { op, inputs: ids, outputs } = node;
    const { values } = this.#step.recording;
    const handles = inputs.filter((_, i) => this.#step.recording.resources.has(ids[i]));
    const name = this.#builder.recorded(node, values, inputs, this.#before(handles, op !== 'ReadVariableOp'));
    this.#touch(handles, name, op !== 'ReadVariableOp');
    for (const [i, id] of outputs.entries()) this.#places.set(id, `${name}:${i}`);
  }

  /** What must have run before a node that reads or writes these handles. */
  #before(handles: readonly Output[], writes: boolean): string[] {
    const nodes = handles.flatMap((handle) => [
      ...(this.#lastWrite.has(handle) ? [this.#lastWrite.get(handle) as string] : []),
      ...(writes ? (this.#readers.get(handle) ?? []) : []),
    ]);
    return [...new Set(nodes)];
  }

  #touch(handles: readonly Output[], name: string, writes: boolean): void {
    for (const handle of handles) {
      if (writes) {
        this.#lastWrite.set(handle, name);
        this.#readers.set(handle, []);
        continue;
      }
      this.#readers.set(handle, [...(this.#readers.get(handle) ?? []), name]);
    }
    if (writes) this.#ends.push(name);
  }

  #read(handle: Output, type: 'float32' | 'bool' = FLOAT): Output {
    const name = this.#builder.node(
      'ReadVariableOp',
      [attribute.type('dtype', type)],
      [handle],
      this.#before([handle], false),
    );
    this.#touch([handle], name, false);
    return `${name}:0`;
  }

  #assign(handle: Output, value: Output, type: 'float32' | 'bool' = FLOAT): void {
    const name = this.#builder.node(
      'AssignVariableOp',
      [attribute.type('dtype', type)],
      [handle, value],
      this.#before([handle], true),
    );
    this.#touch([handle], name, true);
  }

  #remember(handle: Output): void {
    if (!this.#old.has(handle)) this.#old.set(handle, this.#read(handle));
  }

  /** Whether the step counts: its numbers are finite, and no step before it failed that the host has not seen. */
  #accepted(numbers: Output): Output {
    const handle = this.#resource(this.#variables.halted);
    const finite = this.#node('IsFinite', [attribute.type('T', FLOAT)], [numbers]);
    const axis = this.#builder.constant('int32', { shape: [1], data: new Int32Array([0]) });
    const all = this.#node(
      'All',
      [attribute.type('Tidx', 'int32'), attribute.bool('keep_dims', false)],
      [finite, axis],
    );
    const going = this.#node('LogicalNot', [], [this.#read(handle, 'bool')]);
    const accepted = this.#node('LogicalAnd', [], [all, going]);
    this.#assign(handle, this.#node('LogicalNot', [], [accepted]), 'bool');
    return accepted;
  }

  /** A value that exists only where the step counts, or only where it does not. */
  #onlyIf(accepted: Output, value: Output, wanted: boolean): Output {
    const name = this.#builder.node('Switch', [attribute.type('T', FLOAT)], [value, accepted]);
    return `${name}:${wanted ? 1 : 0}`;
  }

  /** A write that happens only where the step counts: an operation without one of its inputs does not run. */
  #addIf(accepted: Output, node: RecordedNode): void {
    const inputs = node.inputs.map((id) => this.#place(id));
    const last = inputs.length - 1;
    this.#add(node, [...inputs.slice(0, last), this.#onlyIf(accepted, inputs[last], true)]);
  }

  /** Puts back what a handle held where the step does not count. */
  #keepIf(accepted: Output, handle: Output, old: Output): void {
    if (this.#guard === 'switch') this.#assign(handle, this.#onlyIf(accepted, old, false));
    else
      this.#assign(
        handle,
        this.#node('SelectV2', [attribute.type('T', FLOAT)], [accepted, this.#read(handle), old]),
      );
  }

  #commitIf(accepted: Output, handle: Output, value: Output): void {
    if (this.#guard === 'switch') this.#assign(handle, this.#onlyIf(accepted, value, true));
    else
      this.#assign(
        handle,
        this.#node('SelectV2', [attribute.type('T', FLOAT)], [accepted, value, this.#read(handle)]),
      );
  }
}
