import type { StoredFile } from '../../src/transport/port';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { createFolderHubLink } from '../support/folder-hub-link';
import { startHub } from '../support/ftp-hub';
import { makeHubFolders, statusOf } from '../support/hub-folders';
import { transportContract } from './transport';

transportContract('FTP over TLS', async () => {
  const hub = await startHub();
  return { ...hub, link: createFtpHubLink(hub.linkOptions(1)) };
});

transportContract('plain FTP, TLS turned off by hand', async () => {
  const hub = await startHub({ tls: null });
  return { ...hub, link: createFtpHubLink({ ...hub.linkOptions(1), fingerprint: null }) };
});

transportContract('folders', async () => {
  const folders = await makeHubFolders();
  const stored: StoredFile[] = [];
  const link = createFolderHubLink({
    sitesFolder: folders.sites,
    roundsFolder: folders.rounds,
    status: statusOf,
    site: 1,
    onStored: (file) => stored.push(file),
  });
  return { folders, stored, link, end: folders.remove };
});
