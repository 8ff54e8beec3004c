import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../src/config/settings';
import type { Letter } from '../../src/mail/letter';
import { sendBySmtp } from '../../src/mail/smtp';
import { type SyncError } from '../../src/shared/errors';
import { toSyncError } from '../../src/shared/to-sync-error';
import { closedPort, LOGIN, MailServer, mailFolder, makeCertificate, MuteServer } from '../support/smtp';

const letter: Letter = {
  subject: 'Lyon : échec de la synchronisation',
  text: 'Un message accentué.\n',
  html: '<p>Un message accentué.</p>',
  attachments: [{ filename: 'rapport.html', contentType: 'text/html', content: Buffer.from('<p>été</p>') }],
};

const base: MailSettings = {
  enabled: true,
  host: 'localhost',
  port: 0,
  security: 'none',
  user: '',
  password: '',
  from: 'sync@example.org',
  to: ['a@example.org', 'b@example.org'],
  language: 'fr',
  onSuccess: false,
  onWarning: true,
  silenceHours: 48,
  weeklySummary: null,
};
const login = { user: LOGIN.user, password: LOGIN.password };

let folder: ReturnType<typeof mailFolder>;
let certificate: { key: string; cert: string };
beforeAll(async () => {
  certificate = await makeCertificate(['localhost']);
  folder = mailFolder(certificate.cert);
});
afterAll(() => folder.remove());

function send(
  mail: MailSettings,
  authorities = join(folder.folder, 'mail-ca.pem'),
): Promise<readonly string[]> {
  return sendBySmtp(letter, {
    mail,
    sender: 'Lyon',
    messageId: '<1@synchronisation>',
    date: new Date('2026-11-24T21:00:00Z'),
    authorities,
    signal: new AbortController().signal,
  });
}

/** The error of a sending that must fail: a code of ours, and nothing that the server or the user typed in secret. */
async function failure(mail: MailSettings, authorities?: string): Promise<SyncError> {
  const error = toSyncError(
    await send(mail, authorities).then(
      () => null,
      (reason: unknown) => reason,
    ),
  );
  expect(error.cause).toBeUndefined();
  expect([error.message, error.stack, JSON.stringify(error.params)].join(' ')).not.toMatch(
    /S3cret|UzNjcmV0|no such/,
  );
  return error;
}

async function withServer<T>(
  options: Parameters<typeof MailServer.open>[0],
  work: (server: MailServer) => Promise<T>,
): Promise<T> {
  const server = await MailServer.open(options);
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

describe('a letter arrives whole', () => {
  test.each([
    ['over STARTTLS', 'starttls', {}],
    ['over TLS', 'tls', { secure: true }],
  ] as const)('%s, with a login, at every recipient', async (_, security, options) => {
    await withServer({ ...certificate, ...options }, async (server) => {
      expect(await send({ ...base, ...login, security, port: server.port })).toEqual([]);
      const [received] = server.box;
      expect(received).toMatchObject({
        secure: true,
        user: LOGIN.user,
        recipients: base.to,
        subject: letter.subject,
        text: expect.stringContaining('Un message accentué.') as unknown,
        html: letter.html,
        attachments: [{ filename: 'rapport.html', content: '<p>été</p>' }],
      });
      expect(received?.headers.get('from')).toBe('Lyon <sync@example.org>');
      expect(received?.headers.get('message-id')).toBe('<1@synchronisation>');
      expect(received?.headers.get('auto-submitted')).toBe('auto-generated');
    });
  });

  test('in the clear, without a login', async () => {
    await withServer({ disabledCommands: ['STARTTLS', 'AUTH'], authOptional: true }, async (server) => {
      expect(await send({ ...base, port: server.port })).toEqual([]);
      expect(server.box).toMatchObject([{ secure: false, user: null }]);
    });
  });

  test('at the recipients that the server takes, when it refuses another', async () => {
    await withServer({ authOptional: true, hideSTARTTLS: true }, async (server) => {
      const to = ['a@example.org', 'nobody@example.org'];
      expect(await send({ ...base, to, port: server.port })).toEqual(['nobody@example.org']);
      expect(server.box).toMatchObject([{ recipients: ['a@example.org'] }]);
    });
  });
});

describe('what is wrong is said by a code', () => {
  const of = (code: string, retryable: boolean) => ({ code, retryable });

  test('host not found', async () => {
    expect(await failure({ ...base, host: 'mail.invalid', port: 587 })).toMatchObject(
      of('mail.hostUnknown', true),
    );
  });

  test('port closed', async () => {
    expect(await failure({ ...base, port: await closedPort() })).toMatchObject(of('mail.portClosed', true));
  });

  test('TLS refused: not offered, or another language on the port', async () => {
    await withServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }, async ({ port }) => {
      expect(await failure({ ...base, ...login, security: 'starttls', port })).toMatchObject(
        of('mail.tlsRefused', true),
      );
      expect(await failure({ ...base, ...login, security: 'tls', port })).toMatchObject(
        of('mail.tlsRefused', true),
      );
    });
  });

  test.each([
    ['starttls', {}],
    ['tls', { secure: true }],
  ] as const)(
    'a certificate that is unknown, of another name, or too old, by %s',
    async (security, options) => {
      const other = await makeCertificate(['elsewhere.example']);
      const old = await makeCertificate(['localhost'], { expired: true });
      const nowhere = join(folder.folder, 'none.pem');
      const trusting = mailFolder([other.cert, old.cert].join('\n'));
      const authorities = join(trusting.folder, 'mail-ca.pem');
      const mail = { ...base, ...login, security };
      await withServer({ ...certificate, ...options }, async ({ port }) => {
        expect(await failure({ ...mail, port }, nowhere)).toMatchObject(of('mail.certificateUnknown', false));
      });
      await withServer({ ...other, ...options }, async ({ port }) => {
        expect(await failure({ ...mail, port }, authorities)).toMatchObject(
          of('mail.certificateName', false),
        );
      });
      await withServer({ ...old, ...options }, async ({ port }) => {
        expect(await failure({ ...mail, port }, authorities)).toMatchObject(
          of('mail.certificateDate', false),
        );
      });
      trusting.remove();
    },
  );

  test('login refused, by a server that repeats the password', async () => {
    await withServer(certificate, async ({ port }) => {
      const mail = { ...base, user: 'lyon', password: 'S3cret-wrong', security: 'starttls', port } as const;
      expect(await failure(mail)).toMatchObject(of('mail.loginRefused', false));
    });
  });

  test('login wanted', async () => {
    await withServer(certificate, async ({ port }) => {
      expect(await failure({ ...base, security: 'starttls', port })).toMatchObject(
        of('mail.loginWanted', false),
      );
    });
  });

  test('every recipient, the sender, or the message refused', async () => {
    const refuse = (responseCode: number): Error =>
      Object.assign(new Error('no such thing'), { responseCode });
    const open = { authOptional: true, hideSTARTTLS: true };
    await withServer(open, async ({ port }) => {
      const error = await failure({ ...base, to: ['nobody@example.org'], port });
      expect(error).toMatchObject(of('mail.recipientRefused', false));
      expect(error.params).toMatchObject({ recipients: 'nobody@example.org', reply: 550 });
    });
    await withServer({ ...open, onMailFrom: (_, __, done) => done(refuse(553)) }, async ({ port }) => {
      expect(await failure({ ...base, port })).toMatchObject(of('mail.senderRefused', false));
    });
    const onData: NonNullable<Parameters<typeof MailServer.open>[0]>['onData'] = (stream, _, done) => {
      stream.resume().on('end', () => done(refuse(452)));
    };
    await withServer({ ...open, onData }, async ({ port }) => {
      expect(await failure({ ...base, port })).toMatchObject(of('mail.messageRefused', true));
    });
  });

  test('a server that never answers', { timeout: 40_000 }, async () => {
    const mute = await MuteServer.open();
    expect(await failure({ ...base, port: mute.port })).toMatchObject(of('mail.noAnswer', true));
    await mute.close();
  });
});
