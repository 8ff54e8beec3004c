import { codeRefusals, leaveSecret } from '../login-words';
import { provingFeature } from '../names';
import { extendedPassive, passive } from './data-ports';
import { runPackageCommand } from './ftp-srv-door';
import { longListing, shortListing } from './listing';
import { FtpRefusal, notAllowed } from './refusal';
import type { ControlSession } from './session';
import { site } from './site-of';
import { list, restart, retrieve, store } from './transfer-commands';

type Command = (session: ControlSession, arg: string) => Promise<void>;

/** Commands that ftp-srv runs well as it is. Whatever stands in neither list is refused. */
const packageCommands = new Set(
  'ALLO CDUP CWD DELE MDTM MODE NOOP OPTS PASS PBSZ PWD QUIT SIZE STRU SYST TYPE USER XCUP XCWD XPWD'.split(
    ' ',
  ),
);
const loginCommands = new Set(['USER', 'PASS']);
/** All that a site may do that came with its pairing code. */
const codeCommands = new Set(['SITE', 'NOOP', 'QUIT']);

/** Commands done here, for the faults of ftp-srv's own: data lines, resume, TLS, renaming. */
const ownCommands: Readonly<Record<string, Command>> = {
  AUTH: auth,
  PROT: protect,
  FEAT: features,
  ABOR: (session) => session.answer(226, 'Nothing is under way'),
  PASV: passive,
  EPSV: extendedPassive,
  REST: restart,
  RETR: retrieve,
  STOR: (session, arg) => store(session, arg, false),
  APPE: (session, arg) => store(session, arg, true),
  LIST: (session, arg) => list(session, arg, longListing),
  NLST: (session, arg) => list(session, arg, shortListing),
  RNFR: renameFrom,
  RNTO: renameTo,
  SITE: siteCommand,
};

export async function runCommand(session: ControlSession, line: string): Promise<void> {
  const space = line.indexOf(' ');
  const directive = (space === -1 ? line : line.slice(0, space)).toUpperCase();
  const arg = space === -1 ? '' : line.slice(space + 1);
  const needsTls = session.host.tls !== null && !session.isSecure;
  if (needsTls && loginCommands.has(directive)) throw new FtpRefusal(534, 'TLS first: AUTH TLS');
  if (session.site?.byCode === true && !codeCommands.has(directive))
    throw new FtpRefusal(530, 'A code opens nothing but SITE SECRET');
  const own = Object.hasOwn(ownCommands, directive) ? ownCommands[directive] : undefined;
  if (own !== undefined) {
    await own(session, arg);
    return;
  }
  if (!packageCommands.has(directive)) throw new FtpRefusal(502, 'Command not allowed');
  await runPackageCommand(session.connection, directive, arg === '' ? null : arg);
  if (session.failedLogins >= session.host.limits.failedLogins) session.end();
}

async function auth(session: ControlSession, arg: string): Promise<void> {
  const { tls } = session.host;
  if (tls === null) throw new FtpRefusal(502, 'TLS is turned off here');
  if (session.isSecure) throw new FtpRefusal(503, 'Already encrypted');
  if (!/^(TLS|TLS-C|SSL)$/i.test(arg)) throw new FtpRefusal(504, 'AUTH TLS only');
  await session.startTls(tls);
}

async function protect(session: ControlSession, arg: string): Promise<void> {
  if (!session.isSecure) throw new FtpRefusal(503, 'AUTH TLS first');
  if (!/^P$/i.test(arg)) throw new FtpRefusal(536, 'PROT P only');
  session.isDataPrivate = true;
  await session.answer(200, 'Data is encrypted');
}

async function features(session: ControlSession): Promise<void> {
  const names = ['EPSV', 'MDTM', 'REST STREAM', provingFeature, 'SIZE', 'UTF8'];
  if (session.host.tls !== null) names.push('AUTH TLS', 'PBSZ', 'PROT');
  session.socket.write(`211-Features\r\n${names.map((name) => ` ${name}\r\n`).join('')}211 End\r\n`);
  return Promise.resolve();
}

/** The secret is 32 bytes or more in base64url: nothing that anybody could guess, or has thought up. */
async function siteCommand(session: ControlSession, arg: string): Promise<void> {
  const [, word = '', secret = ''] = /^([A-Z]+) ([\w-]{43,86})$/i.exec(arg) ?? [];
  if (word.toUpperCase() !== leaveSecret) throw new FtpRefusal(502, 'Command not allowed');
  const { account, byCode } = site(session);
  if (!byCode) throw new FtpRefusal(503, 'Only after a pairing code');
  if (!(await session.host.leaveSecret(account, secret))) throw new FtpRefusal(530, codeRefusals.used);
  await session.answer(200, 'Log in with it from now on');
}

async function renameFrom(session: ControlSession, arg: string): Promise<void> {
  const { files } = site(session);
  session.renameFrom = null;
  const node = files.node(arg);
  if (node.kind !== 'part') throw notAllowed();
  await files.entry(node);
  session.renameFrom = node;
  await session.answer(350, 'Rename it to what?');
}

async function renameTo(session: ControlSession, arg: string): Promise<void> {
  const { files, deposits } = site(session);
  const part = session.renameFrom;
  session.renameFrom = null;
  if (part === null) throw new FtpRefusal(503, 'RNFR first');
  const node = files.node(arg);
  if (node.kind !== 'final') throw notAllowed();
  await deposits.finish(part, node);
  await session.answer(250, 'Done, for ever');
}
