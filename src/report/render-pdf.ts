import PDFDocument from 'pdfkit';
import type { Translate } from '../shared/translate';
import type { Message, Report, StepReport } from './report';
import {
  errorText,
  figureTables,
  summaryOf,
  wordsOf,
  type FigureTable,
  type Words,
  type WordsOptions,
} from './report-words';

/** Points, 72 an inch. */
const [MARGIN, PADDING] = [48, 4];
const LINE_WIDTH = 595 - 2 * MARGIN;
const [PLAIN, BOLD] = ['Helvetica', 'Helvetica-Bold'];
const [TITLE_SIZE, HEADING_SIZE, SIZE] = [16, 12, 9.5];
const LINE_COLOUR = '#cccccc';
const ERROR_COLOUR = '#b00020';

/** Letters that the fonts of every PDF reader have: those of Western Europe. */
const PRINTABLE = /^[\n -~\u00a0-\u00ff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]*$/;

/**
 * A report on A4, as a PDF file. Rejects where it has letters that its fonts lack, such as Greek ones in the name of a
 * table: they would come out wrong, and the page that `renderHtml` makes shows them.
 */
export async function renderPdf(
  report: Report,
  translate: Translate,
  options?: WordsOptions,
): Promise<Uint8Array> {
  const words = wordsOf(translate, options);
  const title = words.text('report.title');
  const document = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    lang: options?.locale ?? 'fr',
    info: { Title: printable(`${title} – ${report.name}`) },
  });
  const written = collected(document);
  const page = new Page(document);
  page.title(title);
  page.pairs(summaryOf(report, words));
  const error = errorText(report, words);
  if (error !== null) page.alarm(error);
  steps(page, report, words);
  for (const { title: heading, ...figures } of figureTables(report, words)) {
    page.heading(heading);
    page.table(figures);
  }
  document.end();
  return written;
}

function steps(page: Page, report: Report, words: Words): void {
  page.heading(words.text('report.steps'));
  page.table({
    headings: ['step', 'state', 'duration', 'rows', 'size'].map((column) =>
      words.text(`report.column.${column}`),
    ),
    rows: report.steps.map((step) => [
      words.text(`step.${step.name}`),
      words.text(`stepState.${step.state}`),
      words.duration(step.startedAt, step.endedAt),
      step.rows === 0 ? '' : words.number(step.rows),
      step.bytes === 0 ? '' : words.size(step.bytes),
    ]),
    texts: 2,
  });
  for (const step of report.steps) messages(page, step, words);
}

/** What a step had to say comes after the table: it may be longer than a page. */
function messages(page: Page, { name, messages: said }: StepReport, words: Words): void {
  if (said.length === 0) return;
  page.subheading(words.text(`step.${name}`));
  for (const message of said) page.item(sentence(message, words), message.level === 'warning');
}

function sentence({ at, level, key, params }: Message, words: Words): string {
  const text = `${words.time(at)} ${words.text(key, params)}`;
  return level === 'info' ? text : `${words.text(`level.${level}`)} – ${text}`;
}

/** The few things that a report is made of, one below the other. */
class Page {
  readonly #document: PDFKit.PDFDocument;

  constructor(document: PDFKit.PDFDocument) {
    this.#document = document;
  }

  title(text: string): void {
    this.#document.font(BOLD, TITLE_SIZE).text(printable(text)).moveDown(0.5);
  }

  heading(text: string): void {
    this.#document.moveDown(1).font(BOLD, HEADING_SIZE).text(printable(text)).moveDown(0.3);
  }

  subheading(text: string): void {
    this.#document.moveDown(0.6).font(BOLD, SIZE).text(printable(text));
  }

  item(text: string, grave: boolean): void {
    this.#document.font(grave ? BOLD : PLAIN, SIZE).text(printable(text), { indent: 12 });
  }

  pairs(lines: readonly (readonly [name: string, value: string])[]): void {
    this.#rows(
      lines.map(([name, value]) => [{ text: name, bold: true }, { text: value }]),
      [150, '*'],
    );
  }

  alarm(text: string): void {
    this.#document.moveDown(0.6).font(BOLD, SIZE).fillColor(ERROR_COLOUR).text(printable(text));
    this.#document.fillColor('black');
  }

  table({ headings, rows, texts }: Omit<FigureTable, 'title'>): void {
    const cells = rows.map((row) => row.map((text, at) => ({ text, right: at >= texts })));
    const head = headings.map((text, at) => ({ text, bold: true, right: at >= texts }));
    this.#rows(
      [head, ...cells],
      headings.map((_, at) => (at === 0 ? '*' : at < texts ? 110 : 75)),
    );
  }

  /** Not by `table()` of pdfkit: it cuts off what rises above a capital, such as its accent. */
  #rows(rows: readonly (readonly Cell[])[], columns: readonly (number | '*')[]): void {
    const fixed = columns.reduce<number>((sum, width) => sum + (width === '*' ? 0 : width), 0);
    const widths = columns.map((width) => (width === '*' ? LINE_WIDTH - fixed : width));
    for (const row of rows) this.#row(row, widths);
  }

  #row(row: readonly Cell[], widths: readonly number[]): void {
    const document = this.#document;
    const cells = row.map(({ text, bold = false, right = false }, at) => ({
      text: printable(text),
      font: bold ? BOLD : PLAIN,
      left: MARGIN + widths.slice(0, at).reduce((sum, width) => sum + width, 0) + PADDING,
      options: {
        width: (widths[at] ?? 0) - 2 * PADDING,
        align: right ? ('right' as const) : ('left' as const),
      },
    }));
    const heights = cells.map(({ text, font, options }) =>
      document.font(font, SIZE).heightOfString(text, options),
    );
    const height = Math.max(...heights) + 2 * PADDING;
    if (document.y + height > document.page.height - MARGIN) document.addPage();
    const top = document.y;
    for (const { text, font, left, options } of cells)
      document.font(font, SIZE).text(text, left, top + PADDING, options);
    const bottom = top + height;
    document
      .moveTo(MARGIN, bottom)
      .lineTo(MARGIN + LINE_WIDTH, bottom)
      .lineWidth(0.5)
      .stroke(LINE_COLOUR);
    document.y = bottom;
    document.x = MARGIN;
  }
}

interface Cell {
  readonly text: string;
  readonly bold?: boolean;
  readonly right?: boolean;
}

/** Figures are grouped by a space so narrow that the fonts lack it. */
function printable(text: string): string {
  const plain = text.normalize('NFC').replace(/[\u2007\u2009\u202f]/g, '\u00a0');
  if (!PRINTABLE.test(plain)) throw new Error('letters that the fonts of a PDF lack');
  return plain;
}

function collected(document: PDFKit.PDFDocument): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    document.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject);
  });
}
