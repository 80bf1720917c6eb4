/** Commands that look at the program itself: its installation, its numbers, what it survives. */
import { defineCommand } from '../command.ts';
import { configFlag, setFlag, text, wholeNumber } from '../flags.ts';
import { terminalReporter } from '../reporter.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Show the state of the installation, and whether a config finds what it needs',
  flags: { ...configFlag, ...setFlag },
  examples: [['doctor -- --config configs/dps.yaml', 'Are data and weights there?']],
  async run({ config, set: sets, verbose }) {
    const implementation = await import('../doctor.ts');
    process.exitCode = await implementation.doctor({ config, sets, verbose });
  },
});

export const parity = defineCommand({
  name: 'parity',
  summary: 'Check the networks, losses and data code against fixtures of the original',
  flags: {
    fixtures: {
      ...text('--fixtures', 'Folder of fixtures: manifest.json and safetensors files'),
      demandOption: true,
    },
  },
  async run({ fixtures }) {
    const implementation = await import('../../../test/parity/main.ts');
    process.exitCode = await implementation.parity({ fixtures });
  },
});

export const chaos = defineCommand({
  name: 'chaos',
  summary: 'Self-test: kill a small training again and again, resume it, and compare its end',
  flags: {
    kills: wholeNumber('--kills', 'How often (default: 50, about ten minutes)'),
    seed: wholeNumber('--seed', 'Of the moments of the kills (default: 1)'),
  },
  async run({ kills = 50, seed = 1 }) {
    const implementation = await import('../../../test/chaos/chaos.ts');
    process.exitCode = await implementation.chaos({ kills, seed, reporter: terminalReporter() });
  },
});
