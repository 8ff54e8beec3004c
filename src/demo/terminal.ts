/** Where the demo shows itself; handed in, so that a test can listen. */
export interface Terminal {
  /** Lines can be drawn over. */
  readonly interactive: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** Lines of cells below each other, the first cell of each to the left and the others to the right. */
export function alignColumns(lines: readonly (readonly string[])[]): string[] {
  const [heading = []] = lines;
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}
