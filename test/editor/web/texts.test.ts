/** The page's texts: each is marked in the code, and has its German. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { samples } from '../../../src/editor/samples/samples.ts';
import { german } from '../../../src/editor/web/texts/de.ts';
import { serverErrors } from '../../../src/editor/wire.ts';

const web = 'src/editor/web';
const table = `${web}/texts/de.ts`;

const files = readdirSync(web, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('texts/'))
  .map((name) => join(web, name));

/** Calls `visit` for every node of a file. */
function walk(file: string, visit: (node: ts.Node, source: ts.SourceFile) => void): void {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const each = (node: ts.Node): void => {
    visit(node, source);
    ts.forEachChild(node, each);
  };
  each(source);
}

/** A template as the table writes it: with {} for a value. */
function keyOf(template: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return [template.head.text, ...template.templateSpans.map(({ literal }) => literal.text)].join('{}');
}

function textsOfCode(): string[] {
  const found: string[] = [];
  for (const file of files) {
    walk(file, (node) => {
      if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'say')
        found.push(keyOf(node.template));
    });
  }
  return found;
}

/** What `translatePage` translates. */
function textsOfPage(): string[] {
  const html = readFileSync(`${web}/index.html`, 'utf8')
    .replace(/<(\w+)[^>]* translate="no".*?<\/\1>/gs, '')
    .replace(/<!--.*?-->/gs, '');
  const attributes = html.matchAll(/ (?:title|aria-label|alt|placeholder|data-word)="([^"]+)"/g);
  const texts = html.matchAll(/>([^<>]+)</g);
  return [...attributes, ...texts]
    .map(([, text]) => text.trim().replace(/\s+/g, ' '))
    .filter((text) => /\p{Letter}/u.test(text));
}

/** The server tells the page what its samples change, and what has gone wrong. */
const textsOfServer = [...samples.map(({ name }) => name), ...Object.values(serverErrors)];

/** What is not for people: errors of programming, and what the console logs. */
function isForProgrammers(node: ts.Node): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isNewExpression(at) && at.expression.getText() === 'Error') return true;
    if (ts.isCallExpression(at) && at.expression.getText().startsWith('console.')) return true;
  }
  return false;
}

/** Texts that look as if people read them, but have no `say` before them. */
function unmarkedTexts(): string[] {
  const found: string[] = [];
  for (const file of files) {
    walk(file, (node, source) => {
      const isTemplate = ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node);
      if (!isTemplate && !ts.isStringLiteral(node)) return;
      const { parent } = node;
      if (ts.isTaggedTemplateExpression(parent) && parent.tag.getText() === 'say') return;
      const text = isTemplate ? keyOf(node) : node.text;
      const isSentence = /^(\p{Lu}|“?\{\}”?)\S* .*\p{Ll}{3}|^\p{Lu}\p{Ll}+[ .:,]/u.test(text);
      const isName =
        ts.isPropertyAssignment(parent) &&
        ['name', 'label', 'help', 'text'].includes(parent.name.getText()) &&
        /^\p{Lu}\p{Ll}/u.test(text);
      if ((!isSentence && !isName) || isForProgrammers(node)) return;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${file}:${line + 1}: ${node.getText()}`);
    });
  }
  return found;
}

const english = new Set([...textsOfCode(), ...textsOfPage(), ...textsOfServer]);
const inCode = (text: string) => (/['\\]/.test(text) ? JSON.stringify(text) : `'${text}'`);

describe('the German texts', () => {
  it('are there for all that the page says', () => {
    const missing = [...english].filter((text) => german[text] === undefined);
    const lines = missing.map((text) => `  ${inCode(text)}: '…',`).join('\n');
    expect(missing, `Add the German of these texts to ${table}, a line each:\n${lines}\n`).toEqual([]);
  });

  it('can be there: what people read is marked in the code', () => {
    const found = unmarkedTexts();
    const message = `Write say\`…\` where people read these texts, from ${web}/texts/say.ts:`;
    expect(found, `${message}\n${found.join('\n')}\n`).toEqual([]);
  });

  it('are no more than that', () => {
    const left = Object.keys(german).filter((text) => !english.has(text));
    const lines = left.map((text) => `  ${inCode(text)}`).join('\n');
    expect(left, `The page says this no longer: remove the lines from ${table}:\n${lines}\n`).toEqual([]);
  });

  it('have the places of the English ones, {} in their order or all numbered: {2} {1}', () => {
    const wrong = Object.entries(german).filter(([text, translation]) => {
      const count = text.split('{}').length - 1;
      const places = [...translation.matchAll(/\{(\d*)\}/g)].map(([, place]) => place);
      const inOrder = places.length === count && places.every((place) => place === '');
      const numbers = Array.from({ length: count }, (_, k) => String(k + 1));
      return !inOrder && [...places].sort().join() !== numbers.join();
    });
    expect(wrong).toEqual([]);
  });
});
