/** Longest command line; a path of this tree has some 60 characters. */
const lineLimit = 1024;

/**
 * Makes lines of what arrives, however it was cut. Telnet's interrupt bytes, which clients put before ABOR,
 * are dropped. `feed` gives null once a line is longer than any command.
 */
export class LineReader {
  #pending: Buffer = Buffer.alloc(0);

  feed(data: Buffer): string[] | null {
    const bytes = Buffer.concat([this.#pending, data]);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      if (end - start > lineLimit) return null;
      lines.push(text(bytes.subarray(start, end)));
      start = end + 1;
    }
    this.#pending = Buffer.from(bytes.subarray(start));
    return this.#pending.length > lineLimit ? null : lines.filter((line) => line !== '');
  }

  /** Forgets what came in the clear after AUTH: it must never be taken for what comes encrypted. */
  drop(): void {
    this.#pending = Buffer.alloc(0);
  }
}

function text(line: Buffer): string {
  let from = 0;
  while (from < line.length && telnet.has(line[from] ?? 0)) from += 1;
  return line.subarray(from).toString('utf8').replace(/\r$/, '');
}

/** IAC, interrupt process, data mark: no command starts with them. */
const telnet = new Set([0xff, 0xf4, 0xf2]);
