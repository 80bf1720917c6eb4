/** One of several workers: writes what {@link stepsOf} each case are to the file that it is given. TF_CONFIG says who it is. */
import { writeFileSync } from 'node:fs';
import { serialize } from 'node:v8';
import { joinCluster, readCluster } from '../../src/runtime/cluster.ts';

const cluster = readCluster(process.env.TF_CONFIG);
if (!cluster) throw new Error('TF_CONFIG names no cluster');
joinCluster(cluster);
const { cases, stepsOf } = await import('./worker-steps.ts');
const { amongWorkers } = await import('../../src/ops/coordination.ts');

const found: Record<string, object> = {};
await amongWorkers(async () => {
  for (const [name, one] of Object.entries(cases)) found[name] = await stepsOf(one);
  writeFileSync(process.argv[2], serialize(found));
});
process.exit();
