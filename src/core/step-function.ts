/**
 * A recorded training step as a function of TensorFlow.
 *
 * Operations are taken over as they were recorded; what makes the difference is state. Where the step read a variable of
 * TF.js, the function reads its place among TensorFlow's own variables, and what the variable is in the end is written
 * there. An optimiser has such places already: it copies the variable to one, changes it there and reads it back. Then
 * that one is the variable's place, and neither copy is made.
 *
 * Whether the step counts is known last, after its numbers, the losses and lengths of gradients, have been computed. Writes
 * that these do not depend on, such as the generator's update and its weights' average, wait until then. Others, such as
 * the discriminator's, against which the generator learns, are done at once, and undone where the step does not count.
 */
import { FunctionBuilder, type Output, type TensorFlowFunction } from '../graph/function.ts';
import { lookUp, type ValueId } from '../graph/graph.ts';
import { type RecordedNode, type RecordedValue, type Recording, record } from '../graph/record.ts';
import { ALL_REDUCE } from '../ops/collectives.ts';
import { type Attribute, attribute } from '../ops/raw.ts';
import type { Tensor, Variable } from '../ops/tf.ts';
import type { Precision } from '../ops/tuning.ts';
import type { DeviceVariables } from './device-variables.ts';
import type { NamedTensors, StepScalars } from './method.ts';

/**
 * Constants of so many numbers are handed to the function at each call. TensorFlow would keep several copies of those in it:
 * the networks of a perceptual loss and of lower levels would need a gigabyte at the paper's widths.
 */
const LARGE = 2 ** 16;

/** What {@link recordStep} gives: the step that it did, and how to do it again. */
export interface RecordedStep {
  readonly scalars: StepScalars;
  readonly recording: Recording;
  /** The variables that the step changed, by the names of the recording's outputs. */
  readonly changed: ReadonlyMap<string, Variable>;
  /** Those that others change between its calls, by the same names. */
  readonly shared: ReadonlyMap<string, Variable>;
}

/**
 * Runs a step call by call and records it.
 *
 * @param weights all variables that the step may change, by name.
 * @param step leaves no tensors but its scalars, which the caller disposes of.
 * @param alone whether nothing else changes the variables; those that it does not change are constants then.
 * @throws Error when the step reads numbers that depend on its inputs.
 */
export function recordStep(
  inputs: NamedTensors,
  weights: Readonly<Record<string, Variable>>,
  step: (inputs: NamedTensors) => StepScalars,
  alone = true,
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
  const all = record(inputs, run, names, LARGE);
  const recording = { ...all, nodes: usedNodes(all) };
  return { scalars: done[0], recording, changed, shared: new Map(alone ? [] : entries) };
}

/** Without those whose results nothing uses: a gradient that goes through a computation again leaves its end unused. */
function usedNodes({ nodes, outputs, resources }: Recording): RecordedNode[] {
  const wanted = new Set(outputs.values());
  const used: RecordedNode[] = [];
  for (const node of nodes.toReversed()) {
    const writes = node.op !== READ && node.inputs.some((id) => resources.has(id));
    if (!writes && !node.outputs.some((id) => wanted.has(id))) continue;
    for (const id of node.inputs) wanted.add(id);
    used.push(node);
  }
  return used.reverse();
}

const prefixed = <T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

/**
 * How a function leaves state as it is where a step does not count. `switch`: an operation that would change it does not
 * run. XLA has no such operations, and on a GPU the host would have to be asked; `select` writes the old value again.
 */
export type Guard = 'switch' | 'select';

type Type = 'float32' | 'bool';
const FLOAT = 'float32';
const typed = (type: Type) => [attribute.type('T', type)];
const READ = 'ReadVariableOp';
const ASSIGN = 'AssignVariableOp';

function outputOf({ outputs }: Recording, name: string): ValueId {
  const id = outputs.get(name);
  if (id === undefined) throw new Error(`The recording has no output ${name}`);
  return id;
}

export class StepFunction {
  /** What it is given after the step's inputs: handles, and large constants. */
  readonly captured: Tensor[] = [];
  readonly #builder = new FunctionBuilder();
  readonly #step: RecordedStep;
  readonly #variables: DeviceVariables;
  readonly #guard: Guard;
  /** Where values of the recording are in the function. */
  readonly #places = new Map<ValueId, Output>();
  readonly #handles = new Map<Tensor, Output>();
  /** The places of the variables that the step changes. */
  readonly #storage = new Map<Variable, Output>();
  /** Those that are in the end where they belong. */
  readonly #settled = new Set<Variable>();
  /** The optimisers' copies to and from those places. */
  readonly #copies = new Set<RecordedNode>();
  /** For each handle the node that wrote it last, and those that have read it since. */
  readonly #lastWrite = new Map<Output, string>();
  readonly #readers = new Map<Output, string[]>();
  /** What handles held whose writes could not wait. */
  readonly #old = new Map<Output, Output>();
  /** All nodes that write. */
  readonly #writers: string[] = [];
  /** The last one in which workers compute together, which all of them must do in one order. */
  #lastReduced: string[] = [];

  constructor(step: RecordedStep, variables: DeviceVariables, guard: Guard) {
    this.#step = step;
    this.#variables = variables;
    this.#guard = guard;
  }

  /** Its one output is the vector of the step's losses and lengths of gradients. */
  build(precision?: Precision): TensorFlowFunction {
    const { recording, changed, shared } = this.#step;
    const { values } = recording;
    for (const id of recording.inputs.values()) this.#places.set(id, this.#builder.input(lookUp(values, id)));
    for (const [id, tensor] of recording.resources) this.#places.set(id, this.#handle(tensor));
    this.#findStorage();
    this.#findFinalReads();
    for (const [id, tensor] of recording.held)
      this.#places.set(id, this.#capture(tensor, lookUp(values, id)));
    for (const [id, constant] of recording.constants) {
      const { name = '' } = constant;
      const variable = changed.get(name) ?? shared.get(name);
      const place =
        variable && (this.#storage.get(variable) ?? this.#handle(this.#variables.handle(variable)));
      const { type } = lookUp(values, id);
      this.#places.set(id, place ? this.#read(place) : this.#builder.constant(type, constant));
    }
    const numbers = [...recording.outputs].filter(([name]) => !changed.has(name));
    const waiting = this.#addOperations(numbers.map(([, id]) => id));
    const attributes = [attribute.int('N', numbers.length), ...typed(FLOAT), attribute.int('axis', 0)];
    const measured = this.#node(
      'Pack',
      attributes,
      numbers.map(([, id]) => lookUp(this.#places, id)),
    );
    const counts = this.#counts(measured);
    for (const node of waiting) {
      const inputs = this.#inputs(node);
      // Without one of its inputs an operation does not run, nor does what uses it or comes after it.
      if (this.#writes(node)) inputs.push(this.#only(counts, inputs.pop() as Output, true));
      this.#add(node, inputs);
    }
    for (const [handle, old] of this.#old) this.#writeIf(counts, handle, old, false);
    for (const [name, variable] of changed) {
      const handle = this.#storage.get(variable);
      if (!handle || this.#settled.has(variable)) continue;
      this.#writeIf(counts, handle, lookUp(this.#places, outputOf(recording, name)), true);
    }
    return this.#builder.build([measured], this.#writers, precision);
  }

  #findStorage(): void {
    const { recording, changed } = this.#step;
    const touched = new Set<ValueId>();
    for (const node of recording.nodes) {
      const [handle, value] = node.inputs;
      const tensor = recording.resources.get(handle);
      if (tensor && node.op === ASSIGN && !touched.has(handle)) {
        const variable = changed.get(recording.constants.get(value)?.name ?? '');
        if (variable && !this.#storage.has(variable) && this.#variables.handle(variable, tensor) === tensor) {
          this.#storage.set(variable, lookUp(this.#places, handle));
          this.#copies.add(node);
        }
      }
      for (const id of node.inputs) if (recording.resources.has(id)) touched.add(id);
    }
    for (const variable of changed.values())
      if (!this.#storage.has(variable))
        this.#storage.set(variable, this.#handle(this.#variables.handle(variable)));
  }

  /** Variables whose value in the end was read from their own place, after its last write. */
  #findFinalReads(): void {
    const { recording, changed } = this.#step;
    const used = new Set(recording.nodes.flatMap(({ inputs }) => inputs));
    /** Reads by their result, since the last write. */
    const current = new Map<ValueId, RecordedNode>();
    for (const node of recording.nodes) {
      if (node.op === READ) current.set(node.outputs[0], node);
      else
        for (const [result, { inputs }] of current)
          if (node.inputs.includes(inputs[0])) current.delete(result);
    }
    for (const [name, variable] of changed) {
      const result = outputOf(recording, name);
      const read = current.get(result);
      if (!read || lookUp(this.#places, read.inputs[0]) !== this.#storage.get(variable)) continue;
      this.#settled.add(variable);
      if (!used.has(result)) this.#copies.add(read);
    }
  }

  /**
   * Adds what was recorded.
   *
   * @param numbers the losses and lengths of gradients.
   * @returns what can wait until it is known whether the step counts: writes that the numbers do not depend on, and what
   *   uses the variables that these change.
   */
  #addOperations(numbers: readonly ValueId[]): RecordedNode[] {
    const nodes = this.#step.recording.nodes.filter((node) => !this.#copies.has(node));
    const early = this.#guard === 'switch' ? this.#needed(nodes, numbers) : new Set(nodes);
    const waiting: RecordedNode[] = [];
    const late = new Set<ValueId>();
    for (const node of nodes) {
      const writes = this.#writes(node);
      if ((writes && !early.has(node)) || node.inputs.some((id) => late.has(id))) {
        waiting.push(node);
        for (const id of [...node.outputs, ...(writes ? this.#handlesOf(node) : [])]) late.add(id);
        continue;
      }
      if (writes) for (const id of this.#handlesOf(node)) this.#remember(lookUp(this.#places, id));
      this.#add(node, this.#inputs(node));
    }
    return waiting;
  }

  /** The operations that values depend on, also by way of variables. */
  #needed(nodes: readonly RecordedNode[], values: readonly ValueId[]): Set<RecordedNode> {
    const wanted = new Set(values);
    const needed = new Set<RecordedNode>();
    for (const node of nodes.toReversed()) {
      if (![...node.outputs, ...this.#handlesOf(node)].some((id) => wanted.has(id))) continue;
      needed.add(node);
      for (const id of node.inputs) wanted.add(id);
    }
    return needed;
  }

  #handlesOf({ inputs }: RecordedNode): ValueId[] {
    return inputs.filter((id) => this.#step.recording.resources.has(id));
  }

  #writes(node: RecordedNode): boolean {
    return node.op !== READ && this.#handlesOf(node).length > 0;
  }

  #inputs({ inputs }: RecordedNode): Output[] {
    return inputs.map((id) => lookUp(this.#places, id));
  }

  #handle(tensor: Tensor): Output {
    const known = this.#handles.get(tensor);
    if (known !== undefined) return known;
    const place = this.#capture(tensor, { type: 'resource', shape: [] });
    this.#handles.set(tensor, place);
    return place;
  }

  #capture(tensor: Tensor, value: RecordedValue): Output {
    this.captured.push(tensor);
    return this.#builder.input(value);
  }

  #remember(handle: Output): void {
    if (!this.#old.has(handle)) this.#old.set(handle, this.#read(handle));
  }

  /** An operation of the recording, in the order that its variables want. */
  #add(node: RecordedNode, inputs: readonly Output[]): void {
    const { values, resources } = this.#step.recording;
    const handles = inputs.filter((_, i) => resources.has(node.inputs[i]));
    const writes = node.op !== READ;
    const reduces = node.op === ALL_REDUCE;
    const before = [...this.#before(handles, writes), ...(reduces ? this.#lastReduced : [])];
    const name = this.#builder.recorded(node, values, inputs, before);
    if (reduces) this.#lastReduced = [name];
    this.#note(handles, name, writes);
    for (const [i, id] of node.outputs.entries()) this.#places.set(id, `${name}:${i}`);
  }

  #node(op: string, attributes: readonly Attribute[], inputs: readonly Output[]): Output {
    return `${this.#builder.node(op, attributes, inputs)}:0`;
  }

  #read(handle: Output, type: Type = FLOAT): Output {
    const attributes = [attribute.type('dtype', type)];
    const name = this.#builder.node(READ, attributes, [handle], this.#before([handle], false));
    this.#note([handle], name, false);
    return `${name}:0`;
  }

  #assign(handle: Output, value: Output, type: Type = FLOAT): void {
    const attributes = [attribute.type('dtype', type)];
    const name = this.#builder.node(ASSIGN, attributes, [handle, value], this.#before([handle], true));
    this.#note([handle], name, true);
  }

  /** What must have run before a node that reads or writes these handles: TensorFlow knows no other order of nodes. */
  #before(handles: readonly Output[], writes: boolean): string[] {
    const nodes = handles.flatMap((handle) => [
      this.#lastWrite.get(handle) ?? [],
      writes ? (this.#readers.get(handle) ?? []) : [],
    ]);
    return [...new Set(nodes.flat())];
  }

  #note(handles: readonly Output[], name: string, writes: boolean): void {
    for (const handle of handles) {
      if (writes) this.#lastWrite.set(handle, name);
      this.#readers.set(handle, writes ? [] : [...(this.#readers.get(handle) ?? []), name]);
    }
    if (writes && handles.length > 0) this.#writers.push(name);
  }

  /** Whether the step counts: its numbers are finite, and no step failed before it that the host has not seen. */
  #counts(numbers: Output): Output {
    const halted = this.#handle(this.#variables.halted);
    const finite = this.#node('IsFinite', typed(FLOAT), [numbers]);
    const axis = this.#builder.constant('int32', { shape: [1], data: Int32Array.of(0) });
    const reduction = [attribute.type('Tidx', 'int32'), attribute.bool('keep_dims', false)];
    const all = this.#node('All', reduction, [finite, axis]);
    const going = this.#node('LogicalNot', [], [this.#read(halted, 'bool')]);
    const counts = this.#node('LogicalAnd', [], [all, going]);
    this.#assign(halted, this.#node('LogicalNot', [], [counts]), 'bool');
    return counts;
  }

  /** A value that exists only where the step counts, or only where it does not. */
  #only(counts: Output, value: Output, wanted: boolean): Output {
    return `${this.#builder.node('Switch', typed(FLOAT), [value, counts])}:${wanted ? 1 : 0}`;
  }

  /** Writes a value where the step counts, or where it does not. */
  #writeIf(counts: Output, handle: Output, value: Output, wanted: boolean): void {
    if (this.#guard === 'switch') {
      this.#assign(handle, this.#only(counts, value, wanted));
      return;
    }
    const other = this.#read(handle);
    this.#assign(
      handle,
      this.#node('SelectV2', typed(FLOAT), [counts, ...(wanted ? [value, other] : [other, value])]),
    );
  }
}
