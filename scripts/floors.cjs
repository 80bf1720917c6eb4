/**
 * The structure of src: imports point down this list of floors only, never up and never in a circle. Folders of one
 * floor are separate, but for the pairs named. `src/index.ts`, the library's entrance, stands above the rooms and below
 * the command line.
 */
module.exports = [
  { folders: ['cli'] },
  { folders: ['editor', 'study'] },
  {
    folders: ['train', 'infer', 'eval', 'export', 'import'],
    pairs: { train: ['eval'], eval: ['infer'], export: ['infer'] },
  },
  { folders: ['models'] },
  { folders: ['core'] },
  { folders: ['losses', 'data'] },
  { folders: ['nn', 'faces', 'graph'] },
  { folders: ['weights', 'config'] },
  { folders: ['ops'] },
  { folders: ['runtime'] },
];
