/**
 * Names that every Node thread has, and that NW.js leaves to Chromium's page: a worker thread in NW.js has neither.
 * Node's own are put there, before any package looks for them.
 */
import { atob } from 'node:buffer';
import * as streams from 'node:stream/web';
import { URL, URLSearchParams } from 'node:url';
import { TextDecoder, TextEncoder, transferableAbortController } from 'node:util';

/** Node exports these classes nowhere: an instance leads to them. */
function classesOfAbort(): Record<string, unknown> {
  const controller = transferableAbortController();
  const abortSignal = controller.signal.constructor;
  const eventTarget: unknown = Object.getPrototypeOf(abortSignal);
  return { AbortController: controller.constructor, AbortSignal: abortSignal, EventTarget: eventTarget };
}

function domException(): unknown {
  try {
    return atob('*');
  } catch (error) {
    return error instanceof Error ? error.constructor : undefined;
  }
}

const globals: Record<string, unknown> = {
  ...streams,
  ...classesOfAbort(),
  DOMException: domException(),
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
};

for (const [name, value] of Object.entries(globals)) {
  if (name in globalThis || value === undefined) continue;
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
