import { announcedAddress, plainAddress } from './addresses';
import { DataPort } from './passive';
import { FtpRefusal } from './refusal';
import type { ControlSession } from './session';
import { site } from './site-of';

async function openDataPort(session: ControlSession): Promise<DataPort> {
  site(session);
  if (session.isSecure && !session.isDataPrivate) throw new FtpRefusal(522, 'PROT P first');
  const { ports, limits } = session.host;
  const port = await DataPort.open(ports, plainAddress(session.socket.localAddress), {
    peer: session.peer,
    secure: session.context,
    limits,
  });
  session.setDataPort(port);
  return port;
}

export async function passive(session: ControlSession): Promise<void> {
  site(session);
  const local = plainAddress(session.socket.localAddress);
  const address = await announcedAddress(session.host.publicAddress, session.peer, local);
  const { port } = await openDataPort(session);
  const numbers = [...address.split('.'), port >> 8, port & 255];
  await session.answer(227, `Entering passive mode (${numbers.join(',')})`);
}

export async function extendedPassive(session: ControlSession): Promise<void> {
  const { port } = await openDataPort(session);
  await session.answer(229, `Entering extended passive mode (|||${port}|)`);
}
