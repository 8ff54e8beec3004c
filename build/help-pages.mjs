/** The pages of the help: Markdown in locales/<language>/help/, turned into HTML as the window is built. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import MarkdownIt from 'markdown-it';

const root = path.dirname(import.meta.dirname);
export const pictures = path.join(root, 'assets/help');

/** `configuration.md#adresse` or `#adresse`: a page of the help, an anchor in it, or both. */
const LINK = /^(?:([a-z-]+)\.md)?(?:#([a-z0-9-]+))?$/;

/** `Que faire si…` → `que-faire-si`. */
function slug(text) {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** What is read aloud of a line: its words, without the marks around them. */
function words(inline) {
  return (inline.children ?? [])
    .map(({ type, content }) =>
      type === 'text' || type === 'code_inline' ? content : type === 'image' ? '' : ' ',
    )
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

/** A picture takes its place before it is loaded: its size stands in its first bytes. A new one is yet to be taken. */
function sizeOf(name) {
  const file = path.join(pictures, name);
  if (!existsSync(file)) return '';
  const bytes = readFileSync(file);
  return ` width="${bytes.readUInt32BE(16)}" height="${bytes.readUInt32BE(20)}"`;
}

const markdown = new MarkdownIt({ html: false });

markdown.renderer.rules.image = (tokens, index) => {
  const { attrs, content } = tokens[index];
  const { src } = Object.fromEntries(attrs);
  const alt = markdown.utils.escapeHtml(content);
  return `<img src="help/${src}" alt="${alt}"${sizeOf(src)}>`;
};

markdown.renderer.rules.table_open = () => '<table class="table">';

/** The drawer's own title is the first heading: those of a page stand one level lower. */
function shiftHeading(token) {
  const level = Number(token.tag.slice(1)) + 1;
  token.tag = `h${level}`;
}

/** The window follows a link itself: it names a page, and a place in it. */
function markLink(token) {
  const href = token.attrGet('href') ?? '';
  const [, page, anchor] = LINK.exec(href) ?? [];
  if (page === undefined && anchor === undefined) throw new Error(`${href} is no page of the help`);
  token.attrs = [['href', href]];
  if (page !== undefined) token.attrSet('data-page', page);
  if (anchor !== undefined) token.attrSet('data-anchor', anchor);
}

/**
 * `{ title, html, sections: [{ anchor, title, text }], links: [{ page, anchor }] }`: the first section is what stands
 * before the first `##`, and has no anchor. A link without a page stays on its own.
 */
export function helpPage(source) {
  const tokens = markdown.parse(source, {});
  const sections = [{ anchor: null, title: '', text: '' }];
  const links = [];
  tokens.forEach((token, index) => {
    if (token.type === 'heading_open' || token.type === 'heading_close') shiftHeading(token);
    if (token.type !== 'inline') return;
    for (const child of token.children.filter(({ type }) => type === 'link_open')) {
      markLink(child);
      links.push({ page: child.attrGet('data-page'), anchor: child.attrGet('data-anchor') });
    }
    const opening = tokens[index - 1];
    const text = words(token);
    if (opening.tag === 'h2') sections[0].title = text;
    else if (opening.tag === 'h3') {
      const anchor = slug(text);
      opening.attrSet('id', `help-${anchor}`);
      sections.push({ anchor, title: text, text: '' });
    } else sections.at(-1).text += ` ${text}`;
  });
  return {
    title: sections[0].title,
    html: markdown.renderer.render(tokens, markdown.options, {}),
    sections: sections.map((section) => ({ ...section, text: section.text.trim() })),
    links,
  };
}

/** Vite plugin: a page of the help is imported as `helpPage` makes it. */
export function helpPages() {
  return {
    name: 'help-pages',
    transform(source, id) {
      if (!/\/locales\/\w+\/help\/[\w-]+\.md$/.test(id)) return null;
      return { code: `export default ${JSON.stringify(helpPage(source))};`, map: null, moduleType: 'js' };
    },
  };
}
