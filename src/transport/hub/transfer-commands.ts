import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { finalName } from '../names';
import type { longListing } from './listing';
import type { DataPort } from './passive';
import { FtpRefusal, notAllowed } from './refusal';
import type { ControlSession } from './session';
import { site } from './site-of';
import { pump, receive, runTransfer } from './transfer';
import type { PartNode, TreeNode } from './tree';

export async function restart(session: ControlSession, arg: string): Promise<void> {
  site(session);
  if (!/^\d{1,15}$/.test(arg)) throw new FtpRefusal(501, 'Not an offset');
  session.restartAt = Number(arg);
  await session.answer(350, `Next transfer starts at ${session.restartAt}`);
}

/** The offset for the transfer that asks, and never for the one after. */
function takeRestart(session: ControlSession): number {
  const { restartAt } = session;
  session.restartAt = 0;
  return restartAt;
}

function dataPort(session: ControlSession): DataPort {
  const port = session.takeDataPort();
  if (port === null) throw new FtpRefusal(425, 'PASV or EPSV first');
  return port;
}

export async function retrieve(session: ControlSession, arg: string): Promise<void> {
  const { files } = site(session);
  const start = takeRestart(session);
  await transfer(session, async () => {
    const source = await files.read(files.node(arg), start);
    return {
      run: (data) => {
        data.resume();
        return pump(source, data, {
          passed: () => data.bytesWritten,
          silenceMilliseconds: session.host.limits.silenceMilliseconds,
        });
      },
      end: () => {
        source.destroy();
        return Promise.resolve();
      },
    };
  });
}

export async function list(session: ControlSession, arg: string, format: typeof longListing): Promise<void> {
  const { files } = site(session);
  const { limits, now } = session.host;
  await transfer(session, async () => {
    // Clients pass options of `ls`, which change nothing here.
    const node = files.node(arg.replace(/^-\w+\s*/, ''));
    const entry = await files.entry(node);
    const text = format(entry.folder ? await files.list(node) : [entry], now());
    const source = Readable.from(text === '' ? [] : [Buffer.from(text)]);
    return {
      run: (data) => {
        data.resume();
        return pump(source, data, {
          passed: () => data.bytesWritten,
          silenceMilliseconds: limits.silenceMilliseconds,
        });
      },
      end: () => Promise.resolve(),
    };
  });
}

export async function store(session: ControlSession, arg: string, append: boolean): Promise<void> {
  const { files } = site(session);
  const node = files.node(arg);
  const offset = takeRestart(session);
  if (node.kind === 'part') await storePart(session, node, append ? 'end' : offset);
  else if (isWish(node)) await storeWish(session, node.kind);
  else throw notAllowed();
}

type WishNode = Extract<TreeNode, { kind: 'request' | 'waiting' | 'snapshotRequest' }>;

const isWish = (node: TreeNode): node is WishNode =>
  node.kind === 'request' || node.kind === 'waiting' || node.kind === 'snapshotRequest';

async function storePart(session: ControlSession, part: PartNode, offset: number | 'end'): Promise<void> {
  const { account, deposits } = site(session);
  const { limits, receiving } = session.host;
  const file = finalName(part.inbox, part.number);
  await transfer(session, async () => {
    const target = await deposits.openPart(part, offset);
    const report = (bytes: number): void => {
      receiving({ site: account.number, file, bytes });
    };
    return {
      run: (data) =>
        receive(data, target, {
          passed: () => target.length,
          silenceMilliseconds: limits.silenceMilliseconds,
          ...(part.inbox === 'batches' && { onBytes: report }),
        }),
      end: () => target.letGo(),
    };
  });
}

/** The name is the whole message: the file goes nowhere. */
async function storeWish(session: ControlSession, kind: WishNode['kind']): Promise<void> {
  const { account } = site(session);
  const { limits, stored } = session.host;
  const nowhere = new Writable({
    write: (_block, _encoding, done) => {
      done();
    },
  });
  await transfer(session, () =>
    Promise.resolve({
      run: async (data) => {
        await pump(data, nowhere, {
          passed: () => data.bytesRead,
          silenceMilliseconds: limits.silenceMilliseconds,
        });
        stored({ kind, site: account.number });
      },
      end: () => Promise.resolve(),
    }),
  );
}

interface Job {
  run(data: Socket): Promise<void>;
  /** Frees the file, whether the job ran or not. */
  end(): Promise<void>;
}

/** Opens the file first, so that a refusal needs no data line; frees it before the last answer. */
async function transfer(session: ControlSession, open: () => Promise<Job>): Promise<void> {
  const port = dataPort(session);
  let job: Job;
  try {
    job = await open();
  } catch (error) {
    port.closeGently();
    throw error;
  }
  await runTransfer(
    port,
    (code, message) => session.answer(code, message),
    (data) => job.run(data).finally(() => job.end()),
  );
  await job.end();
}
