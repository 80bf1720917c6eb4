/** JSON from files that may be damaged or hostile. */

/** No file of ours is nested nearly as deep; much deeper ones exhaust the stack of whatever walks them. */
const MAX_DEPTH = 64;

/**
 * As `JSON.parse`, but refuses what readers understand differently, a name that one object gives twice, and nesting
 * deeper than 64.
 *
 * @throws Error with a message that says what is wrong.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  checkNames(text);
  return value;
}

/** Walks valid JSON. */
function checkNames(text: string): void {
  /** The names of each object around the current place; for arrays undefined. */
  const around: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        around.push(text[at] === '{' ? new Set() : undefined);
        if (around.length > MAX_DEPTH) throw new Error(`JSON nested deeper than ${MAX_DEPTH}`);
        break;
      case '}':
      case ']':
        around.pop();
        break;
      case '"': {
        const end = endOfString(text, at);
        const names = around.at(-1);
        if (names && isName(text, end + 1)) {
          const name = JSON.parse(text.slice(at, end + 1)) as string;
          if (names.has(name))
            throw new Error(`JSON that names ${text.slice(at, end + 1).slice(0, 200)} twice`);
          names.add(name);
        }
        at = end;
      }
    }
  }
}

/** The place of the quote that ends the string which begins at `begin`. */
function endOfString(text: string, begin: number): number {
  let end = begin + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

/** Whether a colon follows. */
function isName(text: string, after: number): boolean {
  let at = after;
  while (' \t\r\n'.includes(text[at] ?? ':')) at++;
  return text[at] === ':';
}
