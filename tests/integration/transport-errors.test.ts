import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { hashSecret } from '../../src/transport/secrets';
import { createFtpHubLink, type FtpHubLinkOptions } from '../../src/transport/site/ftp-hub-link';
import { secretOf } from '../support/ftp-hub';
import { publishRound, randomFile, statusOf } from '../support/hub-folders';
import { useHubs } from '../support/use-hubs';

const never = new AbortController().signal;
const { ends, hubWith } = useHubs();

interface Scripted {
  readonly options: FtpHubLinkOptions;
  /** Resolves once it is asked, and has nothing more to say. */
  readonly silent: Promise<void>;
}

/** A server that says these lines, one to each command, and then nothing more. */
async function scripted(...lines: readonly string[]): Promise<Scripted> {
  const sockets: Socket[] = [];
  let onSilent: () => void = () => undefined;
  const silent = new Promise<void>((resolve) => (onSilent = resolve));
  const server = createServer((socket) => {
    sockets.push(socket);
    const left = [...lines];
    const say = (): void => {
      const line = left.shift();
      if (line === undefined) onSilent();
      else socket.write(`${line}\r\n`);
    };
    socket.on('error', () => undefined);
    socket.on('data', say);
    say();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { options: { host: '127.0.0.1', port, user: 'site1', secret: 'secret', fingerprint: null }, silent };
}

describe('what no later try can help is told apart from what may pass', () => {
  const login = ['220 hello', '331 password?'];
  const passive = ['230 in', '200 binary', '229 In (|||1|)', '227 In (127,0,0,1,0,1)'];
  test.each([
    ['a wrong secret', [...login, '530 Login incorrect'], { code: 'hub.login', retryable: false }],
    ['a used code', [...login, '530 This code was used already'], { code: 'hub.codeUsed', retryable: false }],
    ['a late code', [...login, '530 This code has expired'], { code: 'hub.codeExpired', retryable: false }],
    ['a hub that wants TLS', ['220 hello', '534 TLS first'], { code: 'hub.tlsRequired', retryable: false }],
    ['a hub with too many lines', ['421 Later'], { code: 'hub.unreachable', retryable: true }],
    ['a hub that ends', [...login, '421 Shutting down'], { code: 'hub.lineCut', retryable: true }],
    ['a hub in trouble', [...login, '451 Local error'], { code: 'hub.refused', retryable: true }],
    ['no way for data', [...login, ...passive], { code: 'hub.dataPort', retryable: true }],
  ])('%s', async (_, lines, expected) => {
    const link = createFtpHubLink((await scripted(...lines)).options);
    await expect(link.status(never)).rejects.toMatchObject(expected);
    link.close();
  });

  test('another certificate, a hub without TLS, another protocol, nobody there', async () => {
    const hub = await hubWith({ status: (site) => Object.assign(statusOf(site), { protocol: 9 }) });
    const plain = await hubWith({ tls: null });
    const own = hub.linkOptions(1);
    const fingerprint = hub.certificate.fingerprint256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const outcomes = [
      [{ ...own, fingerprint }, 'hub.fingerprint', false],
      [{ ...own, port: plain.port }, 'hub.tlsRefused', false],
      [own, 'hub.protocol', false],
      [{ ...own, port: 1 }, 'hub.unreachable', true],
    ] as const;
    for (const [options, code, retryable] of outcomes) {
      const link = createFtpHubLink(options);
      await expect(link.status(never)).rejects.toMatchObject({ code, retryable });
      link.close();
    }
  });
});

describe('an abort ends a call at once, wherever it is', () => {
  const reason = new Error('enough');

  /** Runs a call, aborts it when `ready`, and gives whether that was all that was needed: nothing else moves on. */
  async function aborted(
    call: (signal: AbortSignal) => Promise<unknown>,
    ready: Promise<unknown>,
  ): Promise<void> {
    const abort = new AbortController();
    const done = call(abort.signal);
    done.catch(() => undefined);
    await ready;
    abort.abort(reason);
    // Timers and sockets that could end the call later have no turn before this.
    const next = new Promise((resolve) => setImmediate(resolve, 'too late'));
    expect(await Promise.race([done.catch((error: unknown) => error), next])).toBe(reason);
  }

  test.each([
    ['the greeting', []],
    ['an answer to the name', ['220 hello']],
    ['an answer to the secret', ['220 hello', '331 password?']],
    ['a data port', ['220 hello', '331 password?', '230 in', '200 binary']],
  ])('while it waits for %s', async (_, lines) => {
    const { options, silent } = await scripted(...lines);
    const link = createFtpHubLink(options);
    await aborted((signal) => link.status(signal), silent);
    link.close();
  });

  test('in the midst of a transfer, in both directions; the next call goes on', async () => {
    const hub = await hubWith();
    const link = createFtpHubLink(hub.linkOptions(1));
    const file = hub.folders.local('batch');
    const content = await randomFile(file, 64 << 20);
    const begun = (): { passed: Promise<void>; onProgress: (bytes: number) => void } => {
      let onPassed: () => void = () => undefined;
      const passed = new Promise<void>((resolve) => (onPassed = resolve));
      const onProgress = (bytes: number): void => {
        if (bytes > 0) onPassed();
      };
      return { passed, onProgress };
    };
    const up = begun();
    await aborted((signal) => link.sendBatch(1, file, { signal, onProgress: up.onProgress }), up.passed);
    const { segment } = await publishRound(hub.folders.rounds, 1, content);
    const down = begun();
    const got = hub.folders.local('segment');
    await aborted(
      (signal) => link.fetchSegment(1, segment, got, { signal, onProgress: down.onProgress }),
      down.passed,
    );
    expect((await link.status(never)).site.number).toBe(1);
    link.close();
  });

  test('while the hub makes a wrong login wait', async () => {
    const secretHash = hashSecret(secretOf(1));
    let asked: () => void = () => undefined;
    const login = new Promise<void>((resolve) => (asked = resolve));
    const hub = await hubWith({
      tarpitMilliseconds: 3_600_000,
      accounts: () => {
        asked();
        return Promise.resolve([{ number: 1, name: 'Site 1', user: 'site1', secretHash }]);
      },
    });
    const link = createFtpHubLink({ ...hub.linkOptions(1), secret: 'wrong' });
    await aborted((signal) => link.status(signal), login);
    link.close();
  });
});
