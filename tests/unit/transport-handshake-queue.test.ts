import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HandshakeQueue, pauseMilliseconds } from '../../src/transport/hub/handshake-queue';

const open = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A queue that a hundred strangers have left without a turn to give away. */
async function pressed() {
  const queue = new HandshakeQueue();
  for (let stranger = 0; stranger < 100; stranger += 1) await queue.turn(`10.1.0.${String(stranger)}`, open);
  const begun: string[] = [];
  const ask = (name: string, address: string, closed = open): Promise<void> =>
    queue.turn(address, closed).then(() => void begun.push(name));
  const turns = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * pauseMilliseconds);
  return { queue, begun, ask, turns };
}

test('who has logged in before never waits, however many strangers do', async () => {
  const { queue, begun, ask } = await pressed();
  for (let stranger = 0; stranger < 400; stranger += 1) void ask('stranger', `10.2.0.${String(stranger)}`);
  queue.welcome('10.0.0.1');
  await ask('site', '10.0.0.1');
  expect(begun).toEqual(['site']);
});

test('strangers get one turn after the other: first the network that has had the fewest, then who came first', async () => {
  const { begun, ask, turns } = await pressed();
  for (const time of [1, 2, 3]) void ask(`again ${String(time)}`, '10.0.0.66');
  void ask('newcomer', '10.0.0.2');
  await turns(1);
  expect(begun).toEqual(['again 1']);
  await turns(1);
  expect(begun).toEqual(['again 1', 'newcomer']);
  await turns(2);
  expect(begun).toEqual(['again 1', 'newcomer', 'again 2', 'again 3']);
});

test('a quiet time brings back turns that need not wait, and no more than there were', async () => {
  const { begun, ask, turns } = await pressed();
  await turns(1000);
  expect(vi.getTimerCount()).toBe(0);
  await Promise.all(Array.from({ length: 100 }, () => ask('free', '10.0.0.3')));
  void ask('waits', '10.0.0.3');
  await turns(0);
  expect(begun).toHaveLength(100);
  await turns(1);
  expect(begun.at(-1)).toBe('waits');
});

test('a line that is closed waits no more, and takes no turn', async () => {
  const { begun, ask, turns } = await pressed();
  const line = new AbortController();
  const gone = expect(ask('gone', 'c', line.signal)).rejects.toThrow('closed');
  void ask('other', 'd');
  line.abort(new Error('closed'));
  await gone;
  await turns(1);
  expect(begun).toEqual(['other']);
  await expect(ask('late', 'c', line.signal)).rejects.toThrow('closed');
});
