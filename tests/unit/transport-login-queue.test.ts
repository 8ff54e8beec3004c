import { expect, test } from 'vitest';
import { LoginQueue } from '../../src/transport/hub/login-queue';

const open = new AbortController().signal;

/** A queue whose work ends when the test says so. */
function underTest() {
  const queue = new LoginQueue();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (name: string, address: string, closed = open): Promise<void> =>
    queue.run(address, closed, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    // What waits for it begins in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, begun, ask, end };
}

test('a network that has logged in before goes first, then the one that was looked at least', async () => {
  const { queue, begun, ask, end } = underTest();
  queue.welcome('10.0.0.1');
  const asked = [
    ...[1, 2, 3].map((time) => ask(`guess ${String(time)}`, '10.0.0.66')),
    ask('newcomer', '10.0.0.2'),
    ask('site', '10.0.0.1'),
  ];
  await end('');
  expect(begun).toEqual(['guess 1', 'guess 2']);
  for (const name of ['guess 1', 'guess 2', 'site', 'newcomer', 'guess 3']) await end(name);
  expect(begun).toEqual(['guess 1', 'guess 2', 'site', 'newcomer', 'guess 3']);
  await Promise.all(asked);
});

test('a line that is closed waits no more', async () => {
  const { begun, ask, end } = underTest();
  const line = new AbortController();
  const asked = [ask('one', 'a'), ask('two', 'b'), ask('gone', 'c', line.signal), ask('three', 'd')];
  const gone = expect(asked[2]).rejects.toThrow('closed');
  line.abort(new Error('closed'));
  await gone;
  for (const name of ['one', 'two', 'three']) await end(name);
  expect(begun).toEqual(['one', 'two', 'three']);
  await expect(ask('late', 'c', line.signal)).rejects.toThrow('closed');
});

test('while guesses fail strangers get one place, and whoever is known the other', async () => {
  const { queue, begun, ask, end } = underTest();
  queue.welcome('site');
  for (let failure = 0; failure < 20; failure += 1) queue.failed();
  const asked = [ask('guess 1', 'a'), ask('guess 2', 'b')];
  await end('');
  expect(begun).toEqual(['guess 1']);
  asked.push(ask('site', 'site'));
  await end('');
  expect(begun).toEqual(['guess 1', 'site']);
  for (const name of ['site', 'guess 1', 'guess 2']) await end(name);
  await Promise.all(asked);
});
