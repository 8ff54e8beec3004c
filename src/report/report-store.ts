import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../shared/atomic-file';
import { diskError, systemCode } from '../shared/disk-error';
import { SyncError } from '../shared/errors';
import { indexReport, isFound, type HistoryFilter, type Indexed } from './history-search';
import { reportId } from './new-report';
import type { HistoryLine, Report } from './report';
import { reportSchema } from './report-schema';

const ID = /^\d{8}-\d{6}-\d{3}$/;
const SUFFIX = '.json';

/** Reports among which an interrupted one is looked for: as many as weeks of sessions leave. */
const MOST_LOOKED_AT = 50;

/** Reports of past sessions, a file each, named after their ids. */
export class ReportStore {
  readonly #folder: string;
  /** Lines read already, so that a list opens only files that are new. A report under way is read anew. */
  readonly #lines = new Map<string, Indexed>();
  /** Saves follow each other, so that an older state of a report never lands on a newer one. */
  #saving: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes the report as it is at the call, over an older state of it. Rejects with `disk.*`. */
  save(report: Report): Promise<void> {
    const content = JSON.stringify(report, null, 1);
    this.#lines.delete(report.id);
    const saved = this.#saving.then(() => this.#write(report.id, content));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /** Rejects with `report.missing` {id} or `report.damaged` {id}. */
  async read(id: string): Promise<Report> {
    // The id comes from a screen or a command line: it must not lead out of the folder.
    if (!ID.test(id)) throw new SyncError('report.missing', { params: { id } });
    let content: string;
    try {
      content = await readFile(this.#file(id), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT')
        throw new SyncError('report.missing', { params: { id }, cause: error });
      throw diskError(error, this.#file(id));
    }
    try {
      return reportSchema.parse(JSON.parse(content));
    } catch (error) {
      throw new SyncError('report.damaged', { params: { id }, cause: error });
    }
  }

  /** Newest first. Reads no more files than lines are asked for; a damaged report has no line. */
  async list(limit: number): Promise<HistoryLine[]> {
    const lines: HistoryLine[] = [];
    if (limit <= 0) return lines;
    for await (const { line } of this.newest()) if (lines.push(line) >= limit) break;
    return lines;
  }

  /** Every session that the filter finds, newest first. Reads each report once. */
  async search(filter: HistoryFilter): Promise<HistoryLine[]> {
    const found: HistoryLine[] = [];
    for await (const session of this.newest()) if (isFound(session, filter)) found.push(session.line);
    return found;
  }

  /** One after the other, newest first, each read from the disk once. */
  async *newest(): AsyncGenerator<Indexed> {
    for (const id of await this.#ids()) {
      const indexed = this.#lines.get(id) ?? (await this.#index(id));
      if (indexed !== null) yield indexed;
    }
  }

  /**
   * To be called when the engine has taken the data folder, before any session: reports still `running` are of
   * sessions that ended with the process, and become failed, with the error `session.interrupted`. Resolves with them.
   */
  async closeInterrupted(): Promise<Report[]> {
    const closed: Report[] = [];
    // Not the newest alone: sessions of a clock that was ahead, and was set right, bear later times.
    for (const id of (await this.#ids()).slice(0, MOST_LOOKED_AT)) {
      const report = await this.#readSound(id);
      if (report?.state !== 'running') continue;
      const ended = interrupted(report);
      await this.save(ended);
      closed.push(ended);
    }
    return closed;
  }

  /** Removes reports of sessions that began before `before` (ms, UTC), but for the newest `kept`. Rejects with `disk.*`. */
  async prune(before: number, kept: number): Promise<void> {
    const oldest = reportId(new Date(before).toISOString());
    for (const id of (await this.#ids()).slice(kept)) {
      if (id >= oldest) continue;
      this.#lines.delete(id);
      await rm(this.#file(id), { force: true }).catch((error: unknown) => {
        throw diskError(error, this.#file(id));
      });
    }
  }

  async #index(id: string): Promise<Indexed | null> {
    const report = await this.#readSound(id);
    if (report === null) return null;
    const indexed = indexReport(report);
    if (report.state !== 'running') this.#lines.set(id, indexed);
    return indexed;
  }

  /** Null for one that cannot be read: it must not hide the others. */
  async #readSound(id: string): Promise<Report | null> {
    try {
      return await this.read(id);
    } catch (error) {
      if (error instanceof SyncError) return null;
      throw error;
    }
  }

  /** Newest first. */
  async #ids(): Promise<string[]> {
    let names: string[];
    try {
      names = await readdir(this.#folder);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw diskError(error, this.#folder);
    }
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .filter((id) => ID.test(id))
      .sort()
      .reverse();
  }

  async #write(id: string, content: string): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true });
    } catch (error) {
      throw diskError(error, this.#folder);
    }
    await writeFileAtomic(this.#file(id), content);
    this.#lines.delete(id);
  }

  #file(id: string): string {
    return join(this.#folder, id + SUFFIX);
  }
}

function interrupted(report: Report): Report {
  return {
    ...report,
    state: 'failed',
    error: { code: 'session.interrupted', params: {} },
    steps: report.steps.map((step) => ({
      ...step,
      state:
        step.state === 'running' || (step.startedAt !== null && step.endedAt === null)
          ? 'failed'
          : step.state,
    })),
  };
}
