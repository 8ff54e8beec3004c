import type { Entry } from './site-files';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const halfYear = 182 * 86_400_000;

/** Lines as `ls -l` writes them, which every FTP client reads. */
export function longListing(entries: readonly Entry[], now: number): string {
  return entries.map((entry) => `${longLine(entry, now)}\r\n`).join('');
}

export function shortListing(entries: readonly Entry[]): string {
  return entries.map((entry) => `${entry.name}\r\n`).join('');
}

function longLine(entry: Entry, now: number): string {
  const rights = entry.folder ? 'drwxr-xr-x' : '-rw-r--r--';
  return `${rights} 1 hub hub ${String(entry.size).padStart(12)} ${when(entry.modified, now)} ${entry.name}`;
}

function when(time: number, now: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${months[date.getUTCMonth()] ?? ''} ${two(date.getUTCDate())}`;
  const recent = Math.abs(now - time) < halfYear;
  return recent
    ? `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`
    : `${day}  ${date.getUTCFullYear()}`;
}
