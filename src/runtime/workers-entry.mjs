/** What the threads of {@link import('./workers.ts').Threads} run: they call functions of the module that is named. */

/** @param {{ module: string, name: string, args: unknown[] }} call */
export default async function call({ module, name, args }) {
  try {
    if (module.endsWith('.ts')) await registerTypeScript();
    const functions = await import(module);
    return await functions[name](...args);
  } catch (error) {
    // What is thrown is copied: of errors of some classes the copy has no message, and some libraries throw plain texts.
    if (!(error instanceof Error)) throw new Error(String(error));
    const { message, stack } = error;
    throw Object.assign(new Error(message), { stack });
  }
}

let registered = false;

/** A thread of Node 20 cannot start from TypeScript, even when it inherits `--import tsx`; tsx takes half a second. */
async function registerTypeScript() {
  if (registered) return;
  const { register } = await import('tsx/esm/api');
  register();
  registered = true;
}
