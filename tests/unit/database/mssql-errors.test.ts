import { describe, expect, test } from 'vitest';
import { databaseError, isDeadlock, refusalOf } from '../../../src/database/mssql/errors';

/** As the driver gives what the server answers. */
const answer = (number: number, message = ''): Error =>
  Object.assign(new Error(message), { code: 'EREQUEST', number });

describe('errors of SQL Server', () => {
  test.each([
    [1205, 'database.deadlock', true],
    [3961, 'database.deadlock', true],
    [1222, 'database.busy', true],
    [9002, 'database.serverFull', true],
    [596, 'database.connectionLost', true],
    [208, 'database.refused', false],
  ])('%i is %s', (number, code, retryable) => {
    expect(databaseError(answer(number))).toMatchObject({ code, retryable });
    expect(isDeadlock(answer(number))).toBe(code === 'database.deadlock');
  });

  test('a right that is missing is named, the one for setting a counter too', () => {
    const message = "User 'guest' does not have permission to run DBCC CHECKIDENT for object 'person'.";
    expect(databaseError(answer(2557, message))).toMatchObject({
      code: 'database.rightMissing',
      params: { right: 'DBCC CHECKIDENT, person' },
    });
  });

  test.each([
    [2627, 'unique'],
    [515, 'notNull'],
    [2628, 'tooLong'],
    [8134, 'other'],
    [513, 'other'],
    [537, 'other'],
    [1946, 'other'],
    [9400, 'other'],
    [6926, 'other'],
    [1205, null],
    [208, null],
  ])('%i is the fault of a row: %s', (number, reason) => {
    expect(refusalOf(answer(number), [])).toBe(reason);
  });

  test('a constraint that is broken is a check or a foreign key', () => {
    const broken = answer(547, 'The INSERT statement conflicted with the CHECK constraint "age_rule".');
    expect(refusalOf(broken, ['age_rule'])).toBe('check');
    expect(refusalOf(broken, [])).toBe('foreignKey');
  });
});
