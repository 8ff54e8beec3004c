import { escapeHtml } from '../report/render-html';
import { oneLine } from '../report/render-text';
import type { Draft } from './drafts';
import type { Letter } from './letter';
import type { Language } from './port';

const BODY =
  'font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 640px; margin: 0 auto; padding: 16px';
const CELL = 'text-align: left; vertical-align: top; padding: 4px 12px 4px 0; border-bottom: 1px solid #ddd';
const FOOTER = 'color: #666; font-size: 13px; border-top: 1px solid #ddd; padding-top: 8px; margin-top: 24px';

/** A draft as plain text and as a page that fetches nothing. `notes` end it, the last in small. */
export function renderLetter(
  draft: Draft,
  notes: readonly string[],
  language: Language,
): Omit<Letter, 'attachments'> {
  return {
    subject: oneLine(draft.subject),
    text: asText(draft, notes),
    html: asHtml(draft, notes, language),
  };
}

function asText({ intro, facts, lines }: Draft, notes: readonly string[]): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  const blocks = [
    [oneLine(intro)],
    lines.map((line) => `- ${oneLine(line)}`),
    facts.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`),
    ...notes.map((note) => [oneLine(note)]),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function asHtml(draft: Draft, notes: readonly string[], language: Language): string {
  const { subject, intro, facts, lines } = draft;
  const paragraphs = notes.map((note, at) =>
    at === notes.length - 1 ? `<p style="${FOOTER}">${escapeHtml(note)}</p>` : `<p>${escapeHtml(note)}</p>`,
  );
  const rows = facts.map(
    ([name, value]) =>
      `<tr><th scope="row" style="${CELL}">${escapeHtml(name)}</th><td style="${CELL}">${escapeHtml(value)}</td></tr>`,
  );
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>`,
    `<body style="${BODY}"><h1 style="font-size: 20px">${escapeHtml(subject)}</h1>`,
    `<p>${escapeHtml(intro)}</p>`,
    lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`,
    rows.length === 0 ? '' : `<table style="border-collapse: collapse">${rows.join('')}</table>`,
    ...paragraphs,
    '</body></html>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}
