/** The exported model in the page: by WebGPU, or by WebAssembly with threads. */
import type { EngineInput, EngineOutput } from '../../wire.ts';
import { type Engine, EngineFailure } from './engine.ts';
import type { Provider } from './onnx-messages.ts';
import { OnnxModel } from './onnx-model.ts';
import { fromPlanes, toPlanes } from './planes.ts';

export class OnnxEngine implements Engine {
  readonly id: Provider;
  readonly #model: OnnxModel;

  private constructor(id: Provider, model: OnnxModel) {
    this.id = id;
    this.#model = model;
  }

  static async load(provider: Provider, url: string): Promise<OnnxEngine> {
    return new OnnxEngine(provider, await OnnxModel.load(provider, url));
  }

  async predict(input: EngineInput, signal: AbortSignal): Promise<EngineOutput> {
    const { resolution: r, l, image, hole, sketch, colour } = input;
    const outputs = await this.#model.run(
      {
        photo: { data: toPlanes(image, 3), dims: [1, 3, r, r] },
        hole: { data: hole, dims: [1, 1, r, r] },
        sketch: { data: sketch, dims: [1, 1, r, r] },
        ...(colour && { colour: { data: toPlanes(colour, 4), dims: [1, 4, r, r] } }),
        l: { data: Float32Array.of(l), dims: [1, 1] },
      },
      signal,
    );
    const { I_out, S_gen, I_gen } = outputs;
    if (!I_out) throw new EngineFailure(this.id, 'The model has no output I_out.');
    return {
      resolution: I_out.dims[2],
      result: fromPlanes(I_out.data, 3),
      refinedSketch: S_gen?.data,
      firstImage: I_gen && fromPlanes(I_gen.data, 3),
    };
  }

  close(): void {
    this.#model.close();
  }
}
