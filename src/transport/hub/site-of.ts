import { FtpRefusal } from './refusal';
import type { ControlSession, LoggedIn } from './session';

/** The site of a session, or a refusal before login. */
export function site(session: ControlSession): LoggedIn {
  if (session.site === null) throw new FtpRefusal(530, 'Log in first');
  return session.site;
}
