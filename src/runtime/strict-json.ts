/** No file of ours is nested nearly as deep; much deeper ones exhaust the stack of whatever walks them. */
const MAX_DEPTH = 64;

/** Of valid JSON: where objects and lists begin and end, and texts, a name in an object with the colon after it. */
const TOKENS = /[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?/g;

/**
 * As `JSON.parse`, for files that may be damaged or hostile: refuses a name that one object gives twice, of which readers
 * take different ones, and nesting deeper than 64. (The library `yaml` finds both, but takes forty times as long.)
 *
 * @throws Error with a message that says what is wrong.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  /** The names so far of each object around the current place; a list has none. */
  const around: Set<string>[] = [];
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      around.push(new Set());
      if (around.length > MAX_DEPTH) throw new Error(`JSON nested deeper than ${MAX_DEPTH}`);
    } else if (token === '}' || token === ']') around.pop();
    else if (token.endsWith(':')) {
      const quoted = token.slice(0, -1);
      const name = JSON.parse(quoted) as string;
      const names = around.at(-1);
      if (names?.has(name)) throw new Error(`JSON that names ${quoted.trimEnd().slice(0, 200)} twice`);
      names?.add(name);
    }
  }
  return value;
}
