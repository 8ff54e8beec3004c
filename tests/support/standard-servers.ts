import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOrCreateCertificate, type Certificate } from '../../src/transport/certificate';
import type { FtpHubLinkOptions } from '../../src/transport/site/ftp-hub-link';
import { freeHubPorts, type HubPorts } from './ports';

/** Where build/system-packages.mjs unpacks them. */
const ROOT = '/opt/synchronisation-tests';
const PROFTPD = join(ROOT, 'usr/sbin/proftpd');
const VSFTPD = join(ROOT, 'usr/sbin/vsftpd');
/** vsftpd gives up its rights, and so must have some. */
export const canServe = existsSync(PROFTPD) && existsSync(VSFTPD) && process.getuid?.() === 0;

/** The account that the servers' files belong to, and its number, everywhere: vsftpd wants one whose home is there. */
const ACCOUNT = 'daemon';
const OWNER = 1;

export interface StandardServer {
  /** What a site sees as `/`: the tree of a hub, made by hand. */
  readonly tree: string;
  /** Number of the account that what is sent belongs to. */
  readonly owner: number;
  readonly link: FtpHubLinkOptions;
  end(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly tree: string;
  readonly ports: HubPorts;
  readonly certificate: Certificate;
}

/** ProFTPD as many run it: explicit TLS required, on data lines too, and their sessions resumed. */
export async function startProftpd(): Promise<StandardServer> {
  const place = await makePlace();
  const { folder, tree, ports } = place;
  // `openssl passwd -1`: an account of the server's own.
  const account = `site1:$1$synchro$KBbh1uBDmxMq8DwIB4o0U.:${OWNER}:${OWNER}::${tree}:/bin/false`;
  await writeFile(join(folder, 'accounts'), `${account}\n`, { mode: 0o600 });
  const config = `
    ModulePath ${join(ROOT, 'usr/lib/proftpd')}
    LoadModule mod_tls.c
    ServerType standalone
    DefaultAddress 127.0.0.1
    UseIPv6 off
    UseReverseDNS off
    Port ${ports.port}
    PassivePorts ${ports.passive.from} ${ports.passive.to}
    User ${ACCOUNT}
    Group ${ACCOUNT}
    PidFile ${join(folder, 'pid')}
    ScoreboardFile ${join(folder, 'scoreboard')}
    DelayEngine off
    SystemLog ${join(folder, 'log')}
    WtmpLog off
    TransferLog none
    AuthOrder mod_auth_file.c
    AuthUserFile ${join(folder, 'accounts')}
    RequireValidShell off
    DefaultRoot ~
    AllowOverwrite on
    AllowStoreRestart on
    AllowRetrieveRestart on
    TLSEngine on
    TLSRequired on
    TLSProtocol TLSv1.2 TLSv1.3
    TLSECCertificateFile ${join(folder, 'cert.pem')}
    TLSECCertificateKeyFile ${join(folder, 'key.pem')}
    TLSLog ${join(folder, 'tls.log')}
  `;
  return start(place, PROFTPD, ['-n', '-c'], config, { user: 'site1', secret: 'secret' });
}

/** vsftpd as Debian has it; its anonymous account stands for the site's, since any other would be one of the system. */
export async function startVsftpd(): Promise<StandardServer> {
  const place = await makePlace();
  const { folder, tree, ports } = place;
  const config = `
    listen=YES
    listen_ipv6=NO
    listen_address=127.0.0.1
    listen_port=${ports.port}
    background=NO
    pasv_min_port=${ports.passive.from}
    pasv_max_port=${ports.passive.to}
    secure_chroot_dir=${join(folder, 'empty')}
    anonymous_enable=YES
    no_anon_password=YES
    local_enable=NO
    ftp_username=${ACCOUNT}
    nopriv_user=nobody
    anon_root=${tree}
    write_enable=YES
    anon_upload_enable=YES
    anon_other_write_enable=YES
    anon_umask=077
    anon_world_readable_only=NO
    seccomp_sandbox=NO
    ssl_enable=YES
    allow_anon_ssl=YES
    force_anon_logins_ssl=YES
    force_anon_data_ssl=YES
    require_ssl_reuse=YES
    ssl_ciphers=HIGH
    rsa_cert_file=${join(folder, 'cert.pem')}
    rsa_private_key_file=${join(folder, 'key.pem')}
  `
    .split('\n')
    .map((line) => line.trim())
    .join('\n');
  return start(place, VSFTPD, [], config, { user: 'anonymous', secret: 'secret' });
}

async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'synchronisation-server-'));
  // Whoever serves must be able to walk there.
  await chmod(folder, 0o755);
  const tree = join(folder, 'tree');
  await mkdir(tree);
  await mkdir(join(folder, 'empty'));
  for (const name of ['batches', 'acks', 'rounds', 'requests', 'questions', 'answers']) {
    await mkdir(join(tree, name));
    await chown(join(tree, name), OWNER, OWNER);
  }
  const certificate = await loadOrCreateCertificate(join(folder, 'certificate'));
  await writeFile(join(folder, 'cert.pem'), certificate.cert);
  await writeFile(join(folder, 'key.pem'), certificate.key, { mode: 0o600 });
  return { folder, tree, ports: await freeHubPorts(), certificate };
}

async function start(
  { folder, tree, ports: { port }, certificate }: Place,
  program: string,
  args: readonly string[],
  config: string,
  login: { readonly user: string; readonly secret: string },
): Promise<StandardServer> {
  const file = join(folder, 'server.conf');
  await writeFile(file, `${config}\n`);
  const child = spawn(program, [...args, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (said += data.toString()));
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(child, port, () => said);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    tree,
    owner: OWNER,
    link: { host: '127.0.0.1', port, ...login, fingerprint: certificate.fingerprint256 },
    end,
  };
}

/** The servers do not say when they are ready. */
async function untilListening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The server ended: ${said()}`);
    const socket = connect(port, '127.0.0.1');
    const ready = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
