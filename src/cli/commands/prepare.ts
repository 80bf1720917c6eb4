import { defineCommand } from '../command.ts';
import { configFlag, setFlag } from '../flags.ts';
import { terminalReporter } from '../reporter.ts';

export const prepare = defineCommand({
  name: 'prepare',
  summary: 'Make the crops and sketches of a config’s source; train does it by itself when needed',
  flags: { config: { ...configFlag.config, demandOption: true }, ...setFlag },
  examples: [
    [
      'prepare -- --config configs/dps.yaml --set data.source.kind=folder --set data.source.path=photos',
      'Sketches of your photos',
    ],
  ],
  async run({ config, set }) {
    const { loadConfig } = await import('../../models/read-config.ts');
    const loaded = loadConfig(config, set);
    const { prepareCommand } = await import('../prepare.ts');
    await prepareCommand({ config: loaded.config, reporter: terminalReporter() });
  },
});
