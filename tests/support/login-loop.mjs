// Another process that logs in again and again: some races do not show inside one.
import { Client } from 'basic-ftp';

const [port, user, password, times] = process.argv.slice(2);
let failed = 0;
for (let login = 0; login < Number(times); login += 1) {
  const client = new Client(5000);
  try {
    await client.access({
      host: '127.0.0.1',
      port: Number(port),
      user,
      password,
      secure: true,
      secureOptions: { rejectUnauthorized: false },
    });
  } catch {
    failed += 1;
  }
  client.close();
}
console.log(JSON.stringify({ failed }));
