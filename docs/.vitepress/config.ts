/**
 * The site of the documentation: the repository's own Markdown, each page where it lies, so that the links between pages are those
 * that work in the repository too.
 */
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';

const root = resolve(import.meta.dirname, '../..');

/** Pages in the order in which one needs them. A page's address is its path in the repository. */
const sidebar: DefaultTheme.SidebarItem[] = [
  { text: 'Guide', link: '/' },
  { text: 'Questions', link: '/docs/faq' },
  {
    text: 'Use',
    items: [
      { text: 'Editor', link: '/docs/editor' },
      { text: 'Command line', link: '/docs/infer' },
      { text: 'Export', link: '/docs/export' },
      { text: 'The model that ships', link: '/pretrained/portraits-128/' },
      { text: 'From other programs', link: '/docs/api' },
      { text: 'npm package', link: '/docs/package' },
      { text: 'Containers', link: '/docs/docker' },
    ],
  },
  {
    text: 'Train',
    items: [
      { text: 'Data', link: '/docs/data' },
      { text: 'Training', link: '/docs/training' },
      { text: 'Long runs', link: '/docs/long-runs' },
      { text: 'Several machines', link: '/docs/workers' },
      { text: 'Perceptual loss', link: '/docs/perceptual-loss' },
    ],
  },
  {
    text: 'Measure',
    items: [
      { text: 'Evaluation', link: '/docs/evaluation' },
      { text: 'Study', link: '/docs/study' },
      { text: 'Speed', link: '/docs/speed' },
      { text: 'Speed, measured', link: '/docs/speed-measured' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Commands', link: '/docs/cli' },
      { text: 'Configuration', link: '/docs/config' },
      { text: 'Evaluation suites', link: '/docs/evaluation-suites' },
      { text: 'Evaluation results', link: '/docs/metrics' },
      { text: 'Library', link: '/docs/library/' },
    ],
  },
  {
    text: 'Develop',
    items: [
      { text: 'Architecture', link: '/docs/ARCHITECTURE' },
      { text: 'Reliability', link: '/docs/reliability' },
      { text: 'Examples', link: '/examples/' },
      { text: 'Adding a method', link: '/docs/adding-a-method' },
      { text: 'Contributing', link: '/CONTRIBUTING' },
      { text: 'Security', link: '/SECURITY' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
  },
];

/** Files of the repository that pages link to; the site has them as text. */
const linked = new Set<string>();
/** Under this name browsers show a file instead of saving it. */
const shownAs = (path: string): string => (/\.(svg|jpg|png|json)$/.test(path) ? path : `${path}.txt`);

/** What a link of a page becomes on the site. @throws when it leads to nothing. */
function siteLink(href: string, page: string): string {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path, anchor] = href.split('#');
  if (path.endsWith('.md')) return href.replace(/README\.md/, 'index.md');
  const file = resolve(dirname(page), path);
  if (!existsSync(file) || !statSync(file).isFile())
    throw new Error(`${relative(root, page)}: a dead link: ${href} is no file.`);
  linked.add(relative(root, file));
  return shownAs(path) + (anchor ? `#${anchor}` : '');
}

export default defineConfig({
  title: 'Deep Plastic Surgery',
  description: 'Sketch-guided face editing: train, evaluate, export and serve',
  lang: 'en',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: root,
  srcExclude: readdirSync(root)
    .filter((name) => !/^(docs|examples|pretrained|.*\.md)$/.test(name))
    .map((name) => `${name}/**`),
  rewrites: {
    'README.md': 'index.md',
    'examples/README.md': 'examples/index.md',
    'pretrained/:name/README.md': 'pretrained/:name/index.md',
  },
  markdown: {
    // Braces are text, as they are in the repository.
    attrs: { disable: true },
    config(md) {
      md.core.ruler.push('site_links', ({ tokens, env }) => {
        for (const block of tokens) {
          // Indented code looks as fenced code does.
          if (block.type === 'code_block') block.type = 'fence';
          for (const token of block.children ?? []) {
            const href = token.attrGet('href');
            if (token.type === 'link_open' && href !== null)
              token.attrSet('href', siteLink(href, env.realPath ?? env.path));
          }
        }
      });
    },
  },
  transformPageData({ relativePath, frontmatter }) {
    // Their tables take the whole width.
    if (/^docs\/(config|speed-measured)\.md$/.test(relativePath)) frontmatter.aside = false;
  },
  buildEnd({ outDir }) {
    for (const path of linked) cpSync(join(root, path), join(outDir, shownAs(path)));
  },
  // Addresses of servers on the reader's own machine, such as MLflow's.
  ignoreDeadLinks: 'localhostLinks',
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: {
      '/': sidebar,
      '/docs/library/': [
        ...sidebar.slice(0, 1),
        { text: 'Library', link: '/docs/library/' },
        ...JSON.parse(readFileSync(join(root, 'docs/library/typedoc-sidebar.json'), 'utf8')),
      ],
    },
  },
});
