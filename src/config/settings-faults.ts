import type { z } from 'zod';
import { SyncError, type MessageParams } from '../shared/errors';

/** One thing wrong in the settings. It never holds the wrong value, which may be a secret. */
export interface SettingsFault {
  /** `hub.passivePorts.from`. */
  readonly path: string;
  /** Text key, under `settings.fault.`. */
  readonly key: string;
  readonly params: MessageParams;
}

/** `settings.invalid` {count, path, faults: their paths}: everything wrong at once. */
export class SettingsError extends SyncError {
  constructor(readonly faults: readonly SettingsFault[]) {
    const paths = faults.map(({ path }) => path);
    super('settings.invalid', {
      params: { count: faults.length, path: paths[0] ?? '', paths: paths.join(', ') },
    });
  }
}

type Issue = z.core.$ZodIssue;

export function faultsOf(issues: readonly Issue[]): SettingsFault[] {
  return issues.map((issue) => {
    const { rule, params } = describe(issue);
    return { path: issue.path.map(String).join('.'), key: `settings.fault.${rule}`, params };
  });
}

function describe(issue: Issue): { rule: string; params: MessageParams } {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? { rule: 'missing', params: {} }
        : { rule: 'type', params: { expected: issue.expected } };
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') return { rule: 'empty', params: {} };
      return issue.inclusive === false
        ? { rule: 'over', params: { minimum: Number(issue.minimum) } }
        : { rule: 'tooSmall', params: { minimum: Number(issue.minimum) } };
    case 'too_big':
      return { rule: 'tooLarge', params: { maximum: Number(issue.maximum) } };
    case 'invalid_value':
      return { rule: 'choice', params: { choices: issue.values.map(String).join(', ') } };
    case 'unrecognized_keys':
      return { rule: 'unknown', params: { keys: issue.keys.join(', ') } };
    case 'custom':
      return { rule: ruleOf(issue.params), params: {} };
    default:
      return { rule: 'format', params: {} };
  }
}

function ruleOf(params: Record<string, unknown> | undefined): string {
  const rule = params?.['rule'];
  return typeof rule === 'string' ? rule : 'format';
}
