/** The rule that imports point one way, and a few others; see scripts/floors.cjs. */
const FLOORS = require('./scripts/floors.cjs');

const inFolders = (folders) => `^src/(${folders.join('|')})/`;

const downOnly = FLOORS.flatMap(({ folders, pairs = {} }, floor) =>
  folders.map((folder) => {
    const siblings = folders.filter((other) => other !== folder && !(pairs[folder] ?? []).includes(other));
    const forbidden = [...FLOORS.slice(0, floor).flatMap((above) => above.folders), ...siblings];
    return { folder, forbidden };
  }),
)
  .filter(({ forbidden }) => forbidden.length > 0)
  .map(({ folder, forbidden }) => ({
    name: `${folder}-imports-down`,
    comment: `src/${folder} may not import what stands above or beside it (see scripts/floors.cjs).`,
    severity: 'error',
    from: { path: inFolders([folder]) },
    to: { path: inFolders(forbidden) },
  }));

module.exports = {
  forbidden: [
    ...downOnly,
    {
      name: 'entrance-above-the-rooms',
      comment: 'The library’s entrance is for those who use the rooms; in a room, import what it is from.',
      severity: 'error',
      from: { path: '^src/(?!index\\.ts$|cli/)' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'no-tests-in-the-program',
      comment: 'What users run does not depend on tests, benchmarks or examples.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|examples)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or hide a third that both need.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'one-door-to-tensorflow',
      comment: 'TensorFlow must be loaded by src/ops/tf.ts alone, which sets its environment first.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/ops/tf\\.ts$' },
      to: { path: '(^|/)@tensorflow/' },
    },
    {
      name: 'page-runs-in-browsers',
      comment: 'The editor’s page and the package’s entry for browsers may use what needs neither Node nor TensorFlow.',
      severity: 'error',
      from: { path: '^src/(editor/web/|infer/browser\\.ts$)' },
      to: { path: '^(src/ops/tf\\.ts|node:)', reachable: true },
    },
    {
      name: 'only-what-exists',
      comment: 'An import that cannot be resolved, or of a package that package.json does not name.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'require', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
