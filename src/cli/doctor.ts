import { configFlag, defineCommand, setFlag } from './command.ts';

/** The machine and the state of the set-up are printed before by scripts/setup/overview.mjs, which needs nothing installed. */
export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Show the state of the installation, and whether a config finds what it needs',
  flags: { ...configFlag, ...setFlag },
  examples: [['doctor -- --config configs/dps.yaml', 'Are data and weights there?']],
  async run({ config, set, verbose }) {
    const { examine } = await import('./examine.ts');
    const { rows, advice, problems } = await examine(config, set);
    for (const [label, text] of rows) console.log(`${label.padEnd(16)}${text}`);
    for (const text of advice) console.log(`\nNote: ${text}`);
    for (const error of problems) console.log(`\n${verbose ? error.stack : error.message}`);
    const count = problems.length;
    console.log(count === 0 ? '\nEverything is there.' : `\n${count} thing${count > 1 ? 's' : ''} to mend.`);
    process.exitCode = count === 0 ? 0 : 1;
  },
});
