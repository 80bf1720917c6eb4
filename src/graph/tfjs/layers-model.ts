import { join } from 'node:path';
import { type LayersModel, type TensorFlow, tf } from '../../ops/tf.ts';
import { writeFileAtomically } from '../../runtime/files.ts';

/**
 * Writes a network as TF.js saves models that can be trained on: `FOLDER/model.json` and `FOLDER/weights.bin`. Who loads
 * it needs its layers' classes (src/nn), registered by importing them.
 */
export async function writeLayersModel(folder: string, network: LayersModel): Promise<void> {
  const save = async ({ modelTopology, weightSpecs, weightData }: TensorFlow.io.ModelArtifacts) => {
    const buffers = Array.isArray(weightData) ? weightData : [weightData!];
    const json = {
      format: 'layers-model',
      generatedBy: 'deep-plastic-surgery',
      convertedBy: null,
      modelTopology,
      weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
    };
    await writeFileAtomically(
      join(folder, 'weights.bin'),
      Buffer.concat(buffers.map((part) => Buffer.from(part))),
    );
    await writeFileAtomically(join(folder, 'model.json'), `${JSON.stringify(json)}\n`);
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
  };
  await network.save(tf.io.withSaveHandler(save));
}
