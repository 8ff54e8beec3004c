import type { Translate } from '../shared/translate';
import type { Report, StepReport } from './report';
import {
  errorText,
  figureTables,
  summaryOf,
  wordsOf,
  type FigureTable,
  type Words,
  type WordsOptions,
} from './report-words';

const STYLE = `
body { font: 11pt/1.4 system-ui, sans-serif; color: #111; max-width: 19cm; margin: 1cm auto; }
h1 { font-size: 16pt; } h2 { font-size: 12pt; margin-top: 1.5em; }
table { border-collapse: collapse; width: 100%; } tr { break-inside: avoid; }
th, td { text-align: left; vertical-align: top; padding: 0.2em 0.6em; border-bottom: 1px solid #ccc; }
td.number, th.number { text-align: right; white-space: nowrap; }
.error { border: 2px solid #b00020; padding: 0.6em; } .warning { font-weight: bold; }
ul { margin: 0.2em 0 0; padding-left: 1.2em; font-size: 10pt; }`;

/** A report as a page that stands alone and prints: nothing in it is fetched, nothing in it runs. */
export function renderHtml(report: Report, translate: Translate, options?: WordsOptions): string {
  const words = wordsOf(translate, options);
  const title = escapeHtml(words.text('report.title'));
  const error = errorText(report, words);
  return `<!doctype html>
<html lang="${options?.locale ?? 'fr'}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} – ${escapeHtml(report.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${table(
  [],
  summaryOf(report, words).map(
    ([name, value]) => `<th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td>`,
  ),
)}
${error === null ? '' : `<p class="error">${escapeHtml(error)}</p>`}
<h2>${escapeHtml(words.text('report.steps'))}</h2>
${stepsTable(report, words)}
${figureTables(report, words).map(figures).join('\n')}
</body>
</html>
`;
}

function stepsTable(report: Report, words: Words): string {
  const headings = [
    heading(words.text('report.column.step')),
    heading(words.text('report.column.state')),
    heading(words.text('report.column.duration'), 'number'),
    heading(words.text('report.column.rows'), 'number'),
    heading(words.text('report.column.size'), 'number'),
  ];
  return table(
    headings,
    report.steps.map((step) => stepRow(step, words)),
  );
}

function stepRow(step: StepReport, words: Words): string {
  const messages = step.messages.map(({ at, level, key, params }) => {
    const text = `${escapeHtml(words.time(at))} ${escapeHtml(words.text(key, params))}`;
    return level === 'info'
      ? `<li>${text}</li>`
      : `<li class="${level}">${escapeHtml(words.text(`level.${level}`))} – ${text}</li>`;
  });
  const name = escapeHtml(words.text(`step.${step.name}`));
  return [
    `<td>${name}${messages.length === 0 ? '' : `<ul>${messages.join('')}</ul>`}</td>`,
    `<td>${escapeHtml(words.text(`stepState.${step.state}`))}</td>`,
    number(words.duration(step.startedAt, step.endedAt)),
    number(step.rows === 0 ? '' : words.number(step.rows)),
    number(step.bytes === 0 ? '' : words.size(step.bytes)),
  ].join('');
}

function figures({ title, headings, rows, texts }: FigureTable): string {
  const head = headings.map((text, at) => heading(text, at < texts ? '' : 'number'));
  const body = rows.map((cells) =>
    cells.map((cell, at) => (at < texts ? `<td>${escapeHtml(cell)}</td>` : number(cell))).join(''),
  );
  return `<h2>${escapeHtml(title)}</h2>\n${table(head, body)}`;
}

function table(headings: readonly string[], rows: readonly string[]): string {
  const head = headings.length === 0 ? '' : `<thead><tr>${headings.join('')}</tr></thead>`;
  return `<table>${head}<tbody>${rows.map((row) => `<tr>${row}</tr>`).join('\n')}</tbody></table>`;
}

function heading(text: string, kind = ''): string {
  return `<th scope="col"${kind === '' ? '' : ` class="${kind}"`}>${escapeHtml(text)}</th>`;
}

function number(text: string): string {
  return `<td class="number">${escapeHtml(text)}</td>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
