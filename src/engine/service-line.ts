/** How a window and an engine that runs as a service find each other on one machine, and speak. */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { join, resolve } from 'node:path';

/** Characters of a message, or bytes that the other side has not taken: past them something is wrong there. */
const LONGEST = 64 * 1024 * 1024;

/** Where the service of a data folder listens: a socket in it, on Windows a pipe that is named after it. */
export function serviceAddress(folder: string, platform: string = process.platform): string {
  if (platform !== 'win32') return join(folder, 'engine.sock');
  const digest = createHash('sha256').update(resolve(folder).toLowerCase()).digest('hex');
  return String.raw`\\.\pipe\synchronisation-${digest.slice(0, 32)}`;
}

export interface MessageLine {
  post(message: unknown): void;
  on(listener: (message: unknown) => void): void;
}

/** Messages over a socket, one line of JSON each. Whoever sends something else is hung up on. */
export function messagesOver(socket: Socket): MessageLine {
  return {
    post(message) {
      if (socket.destroyed) return;
      if (socket.writableLength > LONGEST) socket.destroy();
      else socket.write(`${JSON.stringify(message, withoutTrailing)}\n`);
    },
    on(listener) {
      let rest = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > LONGEST) socket.destroy();
        for (const line of lines) take(line, listener);
      });
    },
  };

  function take(line: string, listener: (message: unknown) => void): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      socket.destroy();
      return;
    }
    listener(message);
  }
}

/** An argument that was left out: JSON would make it a null. */
function withoutTrailing(key: string, value: unknown): unknown {
  if (key !== 'a' || !Array.isArray(value)) return value;
  const items: readonly unknown[] = value;
  return items.slice(0, items.findLastIndex((item) => item !== undefined) + 1);
}
