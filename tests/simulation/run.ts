import { newReport } from '../../src/report/new-report';
import type { Report } from '../../src/report/report';
import type { SessionEnvironment, Step } from '../../src/session/session';
import { SessionEnd, StepHandle } from '../../src/session/session';
import { systemCode } from '../../src/shared/disk-error';
import { SyncError } from '../../src/shared/errors';
import { within, type Process } from './machine/process';

/** How a session came to its end. `code`: of the error that ended it. */
export type Outcome =
  { readonly kind: 'ended' | 'off' | 'stopped' } | { readonly kind: 'failed'; readonly code: string };

export interface RunOptions {
  readonly place: number;
  readonly steps: readonly Step[];
  readonly environment: SessionEnvironment;
  readonly process: Process;
  readonly onStep: (name: string) => void;
  /** Told once, whatever ended it. */
  readonly onEnd: (outcome: Outcome) => void;
}

/** A session under way, driven step by step. */
export class Run {
  readonly report: Report;
  readonly place: number;
  readonly #options: RunOptions;
  readonly #steps: Step[];
  #failure: string | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#steps = [...options.steps];
    this.place = options.place;
    this.report = newReport({
      role: options.place === 0 ? 'hub' : 'site',
      name: 'simulated',
      trigger: 'schedule',
      application: 'simulation',
      now: options.environment.clock.now(),
    });
  }

  /** Whether steps are left. */
  get open(): boolean {
    return this.#steps.length > 0;
  }

  /** Code of the error that ended it. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Rows that steps of this name counted. */
  rows(...names: readonly string[]): number {
    return this.report.steps
      .filter(({ name }) => names.includes(name))
      .reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Runs the next step. The process ends with the last one, with a power cut, and with a step that ends early. */
  async next(): Promise<void> {
    const step = this.#steps.shift();
    const line = this.report.steps.find(({ name }) => name === step?.name);
    if (step === undefined || line === undefined) throw new Error('no step is left');
    const { process, environment } = this.#options;
    line.state = 'running';
    process.start();
    try {
      await within(process, () => step.run(new StepHandle(this.report, line, environment)));
      this.#options.onStep(step.name);
      if (!this.open) this.#end({ kind: 'ended' });
    } catch (error) {
      this.#end(this.#outcomeOf(error));
    }
  }

  async finish(): Promise<void> {
    while (this.open) await this.next();
  }

  /** The process is ended between two steps. */
  kill(): void {
    if (this.open) this.#end({ kind: 'off' });
  }

  #outcomeOf(error: unknown): Outcome {
    if (this.#options.process.off) return { kind: 'off' };
    if (error instanceof SessionEnd) return { kind: 'ended' };
    if (this.#options.environment.signal.aborted) return { kind: 'stopped' };
    if (error instanceof SyncError) return { kind: 'failed', code: error.code };
    if (systemCode(error) === 'ENOSPC') return { kind: 'failed', code: 'disk.full' };
    throw error;
  }

  #end(outcome: Outcome): void {
    this.#steps.length = 0;
    if (outcome.kind === 'failed') this.#failure = outcome.code;
    this.#options.process.end();
    this.#options.onEnd(outcome);
  }
}
