/** Our side of a comparison, a process of its own: one iteration for each line on standard input. See contestant.ts. */
import { createInterface } from 'node:readline';
import { tf } from '../../runtime/tf.ts';
import { benchConfig } from './bench-config.ts';
import type { Assignment, Message } from './contestant.ts';
import { inferenceWork } from './work/infer.ts';
import { measured } from './work/measured.ts';
import { trainingWork } from './work/train.ts';

const say = (message: Message) => console.log(JSON.stringify(message));

const options = JSON.parse(process.argv[2]!) as Assignment & { config: string; set: readonly string[] };
const { what, level, batch } = options;
const config = benchConfig(options.config, options.set, level);
const work = what === 'train' ? await trainingWork(config, level, batch) : inferenceWork(config, batch);
await work.iterate();
say({ ready: true, software: `TensorFlow ${(tf.backend() as unknown as NativeBackend).binding.TF_Version}` });
for await (const _ of createInterface(process.stdin)) say(await measured(work));
say({ peakBytes: process.resourceUsage().maxRSS * 1024 });

interface NativeBackend {
  readonly binding: { readonly TF_Version: string };
}
