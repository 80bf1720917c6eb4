/**
 * Measures a run by a metric of one's own: how much brighter its results are than the photos. Without a run's
 * name it takes the first one that `examples/train-from-code.ts` made.
 *
 *     node --import tsx examples/own-metric.ts [RUN]
 */
import { evaluateRun, readSuite, registerMetric, type SampleMetric } from '../src/index.ts';

const brightness: SampleMetric = {
  kind: 'sample',
  name: 'brightness',
  title: 'Brightness',
  unit: '',
  better: 'lower',
  definition: 'How much brighter the result is than the photo, on the average over pixels and channels.',
  regions: ['image'],
  async measure({ truth, result }) {
    const photos = await truth.data();
    const results = await result.data();
    const values = new Float64Array(result.shape[0]);
    const size = results.length / values.length;
    for (const [i, value] of results.entries()) values[Math.floor(i / size)] += (value - photos[i]) / size;
    return { image: values };
  },
  dispose() {},
};
await registerMetric('brightness', () => brightness);

const suite = readSuite('configs/eval/quick.yaml', ['images=2', 'l=[0.5]', 'metrics=[brightness, l1]']);
const { report, files } = await evaluateRun({
  checkpoints: [process.argv[2] ?? 'runs/00001-from-code'],
  suite,
});
console.log(files.join('\n'));
console.log(JSON.stringify(report.rows, null, 2));
