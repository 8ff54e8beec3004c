import { DateTime } from 'luxon';
import { afterEach, expect, test } from 'vitest';
import { EngineCompany, type RunningEngine } from '../support/engines';
import { MailServer } from '../support/smtp';

const SCHEMA = `CREATE TABLE member (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO member VALUES (1, 'Ann');`;
const MINUTE = 60_000;

let company: EngineCompany | null = null;
let server: MailServer | null = null;
afterEach(async () => {
  await company?.close();
  await server?.close();
});

/** A hub and a site that work unattended, on clocks that run fast, and the box of those who are told. */
async function nights() {
  const box = await MailServer.open({ authOptional: true, hideSTARTTLS: true });
  const open = await EngineCompany.open({
    schema: SCHEMA,
    sites: ['lyon'],
    settings: {
      waitLimit: '3',
      receptionLimit: '3',
      'schedule.timeZone': 'Europe/Paris',
      departure: '22:00',
      'mail.host': '127.0.0.1',
      'mail.port': String(box.port),
      'mail.security': 'none',
      'mail.from': 'sync@example.org',
      'mail.to': 'boss@example.org',
      'mail.onSuccess': 'true',
      'mail.silenceHours': '500',
      'mail.enabled': 'true',
    },
  });
  company = open;
  server = box;
  const serve = async (name: string): Promise<RunningEngine> => {
    const running = await open.start(name);
    await running.engine.serve();
    return running;
  };
  /** Clocks go to some minutes after 22:00 of the next evening; less than none: before it. */
  const goTo = (minutes: number): void => {
    const now = DateTime.fromMillis(open.now(), { zone: 'Europe/Paris' });
    const tonight = now.set({ hour: 22, minute: 0, second: 0, millisecond: 0 });
    const evening = tonight.diff(now).toMillis() > 2 * MINUTE ? tonight : tonight.plus({ days: 1 });
    open.advance((evening.plus({ minutes }).toMillis() - open.now()) / MINUTE);
  };
  return { open, box, serve, goTo };
}

const subjects = (box: MailServer, from: number): string[] =>
  box.box
    .slice(from)
    .map(({ subject }) => subject)
    .sort();

test('three nights by the clock, the line down in the second: all is told, and all is alike in the end', async () => {
  const { open, box, serve, goTo } = await nights();
  await serve('hub');
  const lyon = await serve('lyon');
  goTo(-0.5);
  await box.received(2);
  expect(subjects(box, 0)).toEqual([
    'hub\u00a0: synchronisation terminée',
    'lyon\u00a0: synchronisation terminée',
  ]);

  open.at('lyon', `INSERT INTO member VALUES (2, 'Bob')`);
  open.at('hub', `UPDATE member SET name = 'Anna' WHERE id = 1`);
  await open.stop('hub');
  goTo(-0.5);
  await box.received(3);
  expect(subjects(box, 2)).toEqual(['lyon\u00a0: échec de la synchronisation']);

  goTo(-0.5);
  await serve('hub');
  await box.received(5);
  expect(subjects(box, 3)).toEqual([
    'hub\u00a0: synchronisation terminée',
    'lyon\u00a0: synchronisation terminée',
  ]);
  expect(open.contents('lyon')).toEqual(open.contents('hub'));
  expect(open.contents('hub')['member']).toHaveLength(2);
  const said = (await lyon.engine.log()).map(({ key }) => key);
  expect(said).not.toContain('session.departureLate');
}, 120_000);

test('a departure missed while the program was off is caught up once, and the site asks for it', async () => {
  const { open, box, serve, goTo } = await nights();
  for (const name of ['hub', 'lyon']) await serve(name);
  for (const name of ['hub', 'lyon']) await open.stop(name);
  open.at('lyon', `INSERT INTO member VALUES (2, 'Bob')`);
  goTo(40);
  const [hub, lyon] = [await serve('hub'), await serve('lyon')];
  await Promise.all([hub.logged('session.departureLate'), lyon.logged('session.departureLate')]);
  await box.received(2);
  expect(open.contents('hub')).toEqual(open.contents('lyon'));
  await open.stop('lyon');
  const again = await serve('lyon');
  await again.engine.synchronise('manual');
  const departed = (await again.engine.log()).filter(({ key }) => key === 'session.departureLate');
  expect(departed).toHaveLength(1);
}, 120_000);
