import { shipped } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { configFlag, defineCommand, text } from './command.ts';
import { catchInterrupts } from './interrupt.ts';
import { terminalReporter } from './reporter.ts';

export const study = defineCommand({
  name: 'study',
  summary: 'Train methods for the same time and compare them by sketch quality and l',
  flags: {
    config: {
      ...configFlag.config,
      describe: 'What is compared: methods, budget, suite (YAML)',
      default: shipped('configs/study/study.yaml'),
    },
    minutes: text('--minutes', 'Training of each method, in place of the config’s budget'),
    out: {
      ...text('--out', 'Folder of runs, evaluations and the answer; what is in it is not done again'),
      default: 'study',
    },
    weights: {
      ...text('--weights', 'Folder of the networks that LPIPS needs'),
      default: 'weights',
    },
  },
  examples: [
    ['study', 'Five methods, 20 minutes of training each; after Ctrl-C the same command goes on'],
    ['study -- --minutes 60 --out study-60', 'The same with a larger budget'],
    ['study -- --config configs/study/smoke.yaml --out study-smoke', 'Two tiny methods, in a minute'],
  ],
  async run({ config, minutes, out, weights }) {
    if (minutes !== undefined && !(Number(minutes) > 0 && Number.isFinite(Number(minutes)))) {
      throw new UserError('A flag has the wrong value.', {
        where: '--minutes',
        expected: 'a number above 0',
        got: minutes,
      });
    }
    const { runStudy } = await import('../study/run.ts');
    const reporter = terminalReporter();
    const { questions, files } = await runStudy({
      study: config,
      minutes: minutes === undefined ? undefined : Number(minutes),
      out,
      weights,
      reporter,
      signal: catchInterrupts(
        reporter.warn,
        'after the step or the images in progress; the same command goes on',
      ),
    });
    for (const { question, claims } of questions) {
      reporter.info(`\n${question}`);
      for (const { sentence, verdict } of claims) reporter.info(`  ${verdict.padEnd(14)}${sentence}`);
    }
    for (const line of ['', ...files]) reporter.info(line);
  },
});
