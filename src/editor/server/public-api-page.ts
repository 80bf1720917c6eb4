/** The page that shows the OpenAPI document of the API for programs. It has no script. */
import { html } from 'hono/html';
import { publicApiPath } from './server.ts';

/** What the page shows of an OpenAPI document. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly requestBody?: { required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: object }>>;

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export function docsPage({ info, paths }: ApiDocument) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => showOperation(method, path, operation)),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="color-scheme" content="light dark" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title}: the API</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="${publicApiPath}/docs.css" />
      </head>
      <body>
        <main>
          <h1>${info.title}: the API</h1>
          <p>${info.description}</p>
          <p>The same for programs: <a href="${publicApiPath}/openapi.json">OpenAPI 3.1</a>.</p>
          ${operations}
        </main>
      </body>
    </html>`;
}

function showOperation(method: string, path: string, operation: Operation) {
  const { summary, description, security = [], requestBody, responses } = operation;
  const form = requestBody?.content['multipart/form-data'];
  const example = requestBody?.content['application/json'].example;
  return html`<section>
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p>${summary}. ${description}</p>
    ${security.length > 0 && html`<p>It needs the header <code>Authorization: Bearer TOKEN</code>.</p>`}
    ${
      form &&
      html`<h3>Fields</h3>
        <p>of a form (multipart/form-data), or of JSON, files then in base64:</p>
        ${showFields(form.schema)}`
    }
    ${
      example &&
      html`<h3>An example in JSON</h3>
        <pre><code>${JSON.stringify(example, undefined, 2)}</code></pre>`
    }
    <h3>Answers</h3>
    ${Object.entries(responses).map(
      ([status, { description, content }]) =>
        html`<p><strong>${status}</strong> ${Object.keys(content).join(' or ')}: ${description}</p>
          ${status === '200' && content['application/json'] && showFields(content['application/json'].schema)}`,
    )}
  </section>`;
}

function showFields({ properties = {}, required = [] }: Schema) {
  const rows = Object.entries(properties).map(
    ([name, { type, format, description }]) =>
      html`<tr>
        <th scope="row"><code>${name}</code></th>
        <td>${format === 'binary' ? 'file' : type}${!required.includes(name) && ', optional'}</td>
        <td>${description}</td>
      </tr>`,
  );
  return html`<table>
    <thead>
      <tr>
        <th scope="col">name</th>
        <th scope="col">type</th>
        <th scope="col">what it is</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

export const docsStyle = `
body { margin: 0; background: light-dark(#fafbfb, #1b1f1f); color: light-dark(#1b2121, #eaefee); font: 16px / 1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
a { color: light-dark(#0f766e, #4ecdb8); }
section { border-top: 1px solid light-dark(#d3d9d9, #333a3a); }
table { border-collapse: collapse; }
th, td { padding: 0.25rem 1rem 0.25rem 0; text-align: left; vertical-align: top; }
pre { padding: 1rem; background: light-dark(#eceeee, #131616); white-space: pre-wrap; }
`;
