import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { SyncError } from '../../../src/shared/errors';
import { toSyncError } from '../../../src/shared/to-sync-error';

const caught = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

test('what the disk refuses has words of its own, wherever it was noticed', async () => {
  const { code, params } = toSyncError(await caught(readFile('/nowhere/000001.json')));
  expect({ code, params }).toEqual({
    code: 'disk.missing',
    params: { file: '000001.json', reason: 'ENOENT' },
  });
});

test('an error of ours stays as it is; any other is unexpected, with what it says', () => {
  const own = new SyncError('session.running');
  expect(toSyncError(own)).toBe(own);
  expect(toSyncError(new TypeError('x is not a function'))).toMatchObject({
    code: 'unexpected',
    params: { detail: 'x is not a function' },
  });
});

test('a program that cannot be started is no file of ours', () => {
  const error = Object.assign(new Error('spawn x ENOENT'), { path: 'x', syscall: 'spawn x', code: 'ENOENT' });
  expect(toSyncError(error).code).toBe('unexpected');
});
