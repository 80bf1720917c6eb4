/** The server's models: one makes the results, and each that has made some keeps what computes with it. */
import type { EditorDescription, ModelDescription } from '../../wire.ts';
import type { EngineChoice, EngineId, EngineState } from '../engines/engine.ts';
import { Engines } from '../engines/engines.ts';

export class Models {
  readonly #description: EditorDescription;
  readonly #onEngines: (states: EngineState[], used: EngineId | undefined) => void;
  readonly #enginesOf = new Map<ModelDescription, Engines>();
  #choice: EngineChoice = 'auto';
  #current: ModelDescription;
  #engines: Engines;

  /** @param onEngines takes what is known of the current model's engines, and which was used last */
  constructor(
    description: EditorDescription,
    onEngines: (states: EngineState[], used: EngineId | undefined) => void,
  ) {
    this.#description = description;
    this.#onEngines = onEngines;
    this.#current = description.model;
    this.#engines = this.#start();
  }

  /** The one that makes the results. */
  get current(): ModelDescription {
    return this.#current;
  }
  /** What computes with it. */
  get engines(): Engines {
    return this.#engines;
  }

  /** What the page was told, with the model of a name; with the first where this server has none of it. */
  description(name: string | undefined): EditorDescription {
    const { model, otherModels = [] } = this.#description;
    return { ...this.#description, model: otherModels.find((other) => other.name === name) ?? model };
  }

  /** Goes on with the model of a name. Gives whether it is another one. */
  use(name: string | undefined): boolean {
    const { model } = this.description(name);
    if (model === this.#current) return false;
    this.#current = model;
    this.#engines = this.#enginesOf.get(model) ?? this.#start();
    this.#engines.choose(this.#choice);
    return true;
  }

  choose(engine: EngineChoice): void {
    this.#choice = engine;
    this.#engines.choose(engine);
  }

  #start(): Engines {
    const model = this.#current;
    const engines = new Engines({ ...this.#description, model }, (states, used) => {
      if (model === this.#current) this.#onEngines(states, used);
    });
    this.#enginesOf.set(model, engines);
    return engines;
  }
}
