import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, fakeCheckout, fakeTools, program, script, write } from './support.ts';

const { explainPipFailure, findPython, hasPythonPackage, installPythonPackage, pipEnvironment } =
  await script('setup/python.mjs');
const { homeFor } = await script('setup/home.mjs');
const { buildAddon, findCompiler } = await script('setup/addon.mjs');
const { findNpm, installNpmPackages, missingNpmPackages } = await script('setup/npm.mjs');
const { pathsIn } = await script('setup/paths.mjs');
const { plan, preflight } = await script('setup/setup.mjs');

const linux = (env: NodeJS.ProcessEnv) => ({
  platform: 'linux',
  arch: 'x64',
  env: { DPS_ENGINE: 'cpu', ...env },
});

describe('Python', () => {
  const problemWith = (env: NodeJS.ProcessEnv): string => findPython(env).problem.message;

  it('is missed by name', () => {
    expect(problemWith({ PATH: emptyFolder() })).toMatch(/Python 3 was not found[\s\S]*apt install python3/);
  });

  it('must be version 3', () => {
    const bin = emptyFolder();
    program(bin, 'python', 'console.log(2)');
    expect(problemWith({ PATH: bin })).toMatch(/Python 3 was not found/);
  });

  it('must have pip, and not one too old', () => {
    const bin = emptyFolder();
    program(bin, 'python3', "if (args[0] === '-c') console.log(3); else process.exit(1)");
    expect(problemWith({ PATH: bin })).toMatch(/Python has no pip[\s\S]*apt install python3-pip/);
    program(bin, 'python3', "console.log(args[0] === '-c' ? 3 : 'pip 20.0.2 from x (python 3.8)')");
    expect(problemWith({ PATH: bin })).toMatch(/expected: pip 20\.3 or newer\n +got: +pip 20\.0\.2/);
  });

  it('may be a later one on PATH, where the first has no pip', () => {
    const [uv, { path }] = [emptyFolder(), fakeTools()];
    program(uv, 'python3', "if (args[0] === '-c') console.log(3); else process.exit(1)");
    expect(findPython({ PATH: `${uv}:${path}` })).toEqual({ python: join(path, 'python3') });
  });

  it('reaches the index as the user’s pip does, and has no other of its settings', () => {
    const bin = emptyFolder();
    const lines = [
      "global.index-url='https://mirror/simple'",
      "global.constraint='/etc/constraints.txt'",
      "install.prefix='/opt'",
      "global.trusted-host='a\\nb'",
      "download.timeout='1'",
    ];
    program(bin, 'python3', `console.log(${JSON.stringify(lines.join('\n'))})`);
    const env = pipEnvironment(join(bin, 'python3'), { PIP_CONSTRAINT: 'x', PIP_USER: '1', LANG: 'C' });
    expect(env).toEqual({
      LANG: 'C',
      PIP_INDEX_URL: 'https://mirror/simple',
      PIP_TRUSTED_HOST: 'a b',
      PIP_CONFIG_FILE: '/dev/null',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_ROOT_USER_ACTION: 'ignore',
    });
  });

  it('has a home in the checkout where the user has none that can be written', () => {
    const folder = emptyFolder();
    const paths = pathsIn(folder);
    expect(homeFor(paths, { HOME: folder })).toEqual({});
    expect(homeFor(paths, { HOME: join(folder, 'none') }).HOME).toBe(join(folder, '.deps/tmp/home'));
    expect(existsSync(join(folder, '.deps/tmp/home'))).toBe(true);
  });

  it('is found', () => {
    const { path } = fakeTools();
    expect(findPython({ PATH: path })).toEqual({ python: join(path, 'python3') });
  });
});

describe('a Python package', () => {
  const pkg = {
    name: 'some-data',
    version: '1.2',
    sha256: { any: 'a'.repeat(64) },
    home: 'python',
    drop: ['some_data/python'],
  };
  const install = (folder: string, python: string) =>
    installPythonPackage(pathsIn(folder), pkg, {
      python,
      targetId: 'linux-x64',
      wheelPlatforms: ['manylinux2014_x86_64'],
    });

  it('is put in place without what is not needed, and replaces an older version', async () => {
    const folder = fakeCheckout();
    const home = join(folder, '.deps/python');
    write(join(home, 'some_data-1.1.dist-info/METADATA'), '');
    write(join(home, 'some_data/old'), '');
    const { path } = fakeTools();
    expect(hasPythonPackage(pathsIn(folder), pkg)).toBe(false);
    await install(folder, join(path, 'python3'));
    expect(hasPythonPackage(pathsIn(folder), pkg)).toBe(true);
    expect(readdirSync(home).sort()).toEqual(['some_data', 'some_data-1.2.dist-info']);
    expect(readdirSync(join(home, 'some_data'))).toEqual([]);
  });

  it('that cannot be fetched leaves nothing behind and quotes pip', async () => {
    const folder = fakeCheckout();
    const bin = emptyFolder();
    program(
      bin,
      'python3',
      "console.error('ERROR: Could not find a version that satisfies x'); process.exit(1)",
    );
    const failure = install(folder, join(bin, 'python3'));
    await expect(failure).rejects.toThrow(/some-data 1\.2 could not be installed[\s\S]*pip-some-data\.log/);
    await expect(failure).rejects.toThrow(
      /exit status 1:\n +ERROR: Could not find a version[\s\S]*no such wheel/,
    );
    expect(existsSync(join(folder, '.deps/python'))).toBe(false);
  });

  it.each([
    ['THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE', /another file than the one/],
    ['OSError: [Errno 28] No space left on device', /free some disk space/],
    ['ERROR: No matching distribution found for x', /no such wheel/],
    [
      'WARNING: Retrying after connection broken by NewConnectionError\nERROR: No matching distribution found for x',
      /network connection/,
    ],
    ['ReadTimeoutError: HTTPSConnectionPool', /network connection/],
  ])('failing with "%s" is explained', (log, explanation) => {
    expect(explainPipFailure(log)).toMatch(explanation);
  });
});

describe('the C++ compiler', () => {
  it('is missed by name', () => {
    expect(findCompiler({ PATH: emptyFolder() }).problem.message).toMatch(
      /No C\+\+ compiler[\s\S]*apt install g\+\+/,
    );
  });

  it('is CXX if that is set', () => {
    const { path } = fakeTools();
    expect(findCompiler({ PATH: path })).toEqual({ compiler: ['c++'] });
    expect(findCompiler({ PATH: path, CXX: 'c++ -v' })).toEqual({ compiler: ['c++', '-v'] });
    expect(findCompiler({ PATH: path, CXX: 'g++-99' }).problem.message).toMatch(
      /named by CXX[\s\S]*got: +g\+\+-99/,
    );
  });

  const build = (folder: string, compiler: string) =>
    buildAddon(pathsIn(folder), {
      engine: 'cpu',
      platform: 'linux',
      libraries: [],
      addon: join(folder, '.deps/engines/cpu/tfjs_binding-0.node'),
      compiler: [compiler],
    });

  it('that fails is quoted', async () => {
    const bin = emptyFolder();
    program(bin, 'c++', "console.error('x.cc:1: fatal error: string: No such file'); process.exit(1)");
    await expect(build(fakeCheckout(), join(bin, 'c++'))).rejects.toThrow(
      /could not be compiled[\s\S]*fatal error: string/,
    );
  });

  it('may make an addon that does not load, which is not installed', async () => {
    const folder = fakeCheckout();
    const bin = emptyFolder();
    program(
      bin,
      'c++',
      "const out = args[args.indexOf('-o') + 1]; fs.mkdirSync(path.dirname(out), { recursive: true }); fs.writeFileSync(out, 'x')",
    );
    await expect(build(folder, join(bin, 'c++'))).rejects.toThrow(
      /does not load on this machine[\s\S]*got: +.*tfjs_binding/,
    );
    expect(existsSync(join(folder, '.deps/engines/cpu/tfjs_binding-0.node'))).toBe(false);
  });
});

describe('npm packages', () => {
  const machine = { platform: 'linux', arch: 'x64' };

  it('are compared with the lock file, those of other platforms left out', () => {
    const folder = emptyFolder();
    const wanted: Record<string, object> = {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/linux': {
        version: '1.0.0',
        optional: true,
        os: ['linux'],
        cpu: ['x64'],
        libc: ['glibc'],
      },
      'node_modules/musl': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      'node_modules/mac': { version: '1.0.0', optional: true, os: ['darwin'], cpu: ['arm64'] },
      'node_modules/wasm-helper': { version: '1.0.0', optional: true },
    };
    write(join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    const missing = () => missingNpmPackages(pathsIn(folder), machine);
    expect(missing()).toEqual(['node_modules/a', 'node_modules/linux']);
    const install = (packages: object) =>
      write(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
    install({ 'node_modules/a': { version: '0.9.0' }, 'node_modules/linux': { version: '1.0.0' } });
    expect(missing()).toEqual(['node_modules/a']);
    install({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/linux': { version: '1.0.0' } });
    expect(missing()).toEqual([]);
  });

  it('that cannot be fetched leave node_modules as it was and quote npm', async () => {
    const folder = fakeCheckout();
    write(join(folder, 'node_modules/kept'), '');
    const bin = emptyFolder();
    program(bin, 'npm', "console.error('npm error code ENOTFOUND'); process.exit(1)");
    await expect(installNpmPackages(pathsIn(folder), { PATH: bin })).rejects.toThrow(
      /npm error code ENOTFOUND[\s\S]*proxy/,
    );
    expect(readdirSync(join(folder, 'node_modules'))).toEqual(['kept']);
  });

  it('are installed by the npm that started us, and not by another package manager', () => {
    const bin = emptyFolder();
    write(join(bin, 'npm-cli.js'), '');
    write(join(bin, 'yarn.js'), '');
    expect(findNpm({ PATH: bin, npm_execpath: join(bin, 'npm-cli.js') })).toEqual([
      process.execPath,
      join(bin, 'npm-cli.js'),
    ]);
    expect(findNpm({ PATH: bin, npm_execpath: join(bin, 'yarn.js') })).toEqual([]);
  });
});

describe('before anything is fetched', () => {
  it('everything missing is told at once', () => {
    const folder = fakeCheckout();
    const env = { PATH: emptyFolder() };
    const { paths, steps } = plan(folder, linux(env));
    let message = '';
    try {
      preflight(steps, { paths, env, freeMb: () => 100 });
    } catch (error) {
      message = (error as Error).message;
    }
    for (const what of [
      'npm was not found',
      'Python 3 was not found',
      'No C++ compiler',
      'too little disk space',
    ]) {
      expect(message).toContain(what);
    }
    expect(message).toMatch(/expected: 2\.\d GB free\n +got: +0\.1 GB/);
  });

  it('only what the remaining steps need is looked for', () => {
    const { paths, steps } = plan(fakeCheckout(), linux({}));
    expect(() => preflight(steps.slice(-1), { paths, env: { PATH: '' } })).not.toThrow();
  });

  it('CUDA has its own, larger list', () => {
    const count = (engine: string) => plan(fakeCheckout(), linux({ DPS_ENGINE: engine })).steps.length;
    expect(count('cuda')).toBe(count('cpu') + 12);
  });
});
