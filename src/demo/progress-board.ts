import type { Overview } from '../engine/contract';
import type { Progress, Report } from '../report/report';
import type { Translate } from '../shared/translate';
import type { Place } from './places';
import type { Terminal } from './terminal';

const BAR_WIDTH = 24;

interface Line {
  share: number;
  text: string;
}

/**
 * A line for each establishment, with a bar and the step it is at, drawn over and over; where the output is no
 * terminal, a plain line for each step.
 */
export class ProgressBoard {
  readonly #terminal: Terminal;
  readonly #translate: Translate;
  readonly #lines: Map<Place, Line>;
  readonly #nameWidth: number;
  #drawn = false;

  constructor(terminal: Terminal, translate: Translate, places: readonly Place[]) {
    this.#terminal = terminal;
    this.#translate = translate;
    this.#lines = new Map(places.map((place) => [place, { share: 0, text: '' }]));
    this.#nameWidth = Math.max(...places.map(({ name }) => name.length));
    if (terminal.interactive) this.#draw();
  }

  update(place: Place, { session, progress }: Pick<Overview, 'session' | 'progress'>): void {
    if (session !== null) this.#set(place, shareOf(session, progress), this.#textOf(session));
  }

  ended(place: Place, report: Report): void {
    this.#set(place, 1, this.#translate('demo.ended', { state: this.#translate(`state.${report.state}`) }));
  }

  #textOf({ steps }: Report): string {
    const step = steps.findLast(({ state }) => state !== 'pending');
    return step === undefined ? '' : this.#translate(`step.${step.name}`);
  }

  #set(place: Place, share: number, text: string): void {
    const line = this.#lines.get(place);
    if (line === undefined || text === '') return;
    const isNew = line.text !== text;
    line.share = Math.max(line.share, share);
    line.text = text;
    if (this.#terminal.interactive) this.#draw();
    else if (isNew) this.#terminal.write(`  ${place.name.padEnd(this.#nameWidth)}  ${text}\n`);
  }

  #draw(): void {
    const lines = [...this.#lines].map(([{ name }, { share, text }]) => {
      const filled = Math.round(share * BAR_WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
      const line = `  ${name.padEnd(this.#nameWidth)}  ${bar}  ${text}`;
      // A line that wraps would be two, and the next drawing begin in the wrong place.
      return `${line.slice(0, this.#terminal.columns - 1)}\x1b[K\n`;
    });
    this.#terminal.write((this.#drawn ? `\x1b[${String(lines.length)}A` : '') + lines.join(''));
    this.#drawn = true;
  }
}

/** Each step is the same part of the whole. */
function shareOf({ steps }: Report, progress: Progress | null): number {
  const ended = steps.filter(({ endedAt }) => endedAt !== null).length;
  const total = progress?.total ?? 0;
  const within = progress === null || total === 0 ? 0 : Math.min(1, progress.done / total);
  return (ended + within) / steps.length;
}
