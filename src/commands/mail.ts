import { dataFolder } from '../config/data-folder';
import { loadSettings } from '../config/settings';
import { ReportStore } from '../report/report-store';
import { answer, EXIT, type CommandContext } from './context';

/** Sends a test letter with the settings as they are, whether or not letters are enabled. */
export async function testMail(context: CommandContext): Promise<number> {
  const { parts, folder, translate } = context;
  const { mail } = await loadSettings(folder);
  const paths = dataFolder(folder);
  const mailer = parts.createMailer({
    clock: parts.clock,
    application: parts.application,
    paths,
    settings: () => loadSettings(folder),
    history: (limit) => new ReportStore(paths.reports).list(limit),
    log: (_, key, params) => context.tell(translate(key, params)),
  });
  await mailer.sendTest(mail);
  answer(context, { sent: true, recipients: mail.to }, [
    translate('cli.mail.sent', { recipients: mail.to.join(', ') }),
  ]);
  return EXIT.complete;
}
