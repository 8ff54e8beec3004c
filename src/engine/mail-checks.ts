import type { DataFolder } from '../config/data-folder';
import type { Settings } from '../config/settings';
import { MailQueue } from '../mail/mail-queue';
import { found, type Check, type Finding } from './checks';

/** A letter that waits for longer does not just wait its turn, milliseconds. */
const STUCK = 3_600_000;

/** Somebody is told, and letters leave. */
export function mailChecks(
  { mail }: Settings,
  { mailQueue }: Pick<DataFolder, 'mailQueue'>,
  now: number,
): readonly Check[] {
  const told = mail.enabled
    ? found('ok', 'mailTo', { recipients: mail.to.join(', ') })
    : found('warning', 'mailOff');
  return [
    { name: 'mail', needs: [], run: () => Promise.resolve(told) },
    { name: 'mailQueue', needs: [], run: () => checkQueue(new MailQueue(mailQueue), now) },
  ];
}

async function checkQueue(queue: MailQueue, now: number): Promise<Finding | null> {
  const stuck = (await queue.list()).filter(({ at, tries }) => tries > 1 || now - at > STUCK);
  return stuck.length === 0 ? null : found('warning', 'mailStuck', { count: stuck.length });
}
