import { useI18n } from 'vue-i18n';
import type { CallError } from '../../src/engine/contract';
import { useFormat } from './use-format';

interface Keyed {
  readonly key: string;
  readonly params: CallError['params'];
}

const AMOUNTS = ['count', 'rows', 'bytes'] as const;

/** The engine's keys and codes, turned into words. */
export function useMessage() {
  const i18n = useI18n();
  const { t } = i18n;
  const { whole } = useFormat();

  function message({ key, params }: Keyed): string {
    const { count } = params;
    return typeof count === 'number' ? t(key, readable(params), count) : t(key, readable(params));
  }

  /** Amounts are shown with their thousands set apart; numbers that name something (a port, a batch) are not. */
  function readable(params: Keyed['params']): Record<string, string | number> {
    const shown: Record<string, string | number> = { ...params };
    for (const name of AMOUNTS) {
      const value = params[name];
      if (typeof value === 'number') shown[name] = whole(value);
    }
    return shown;
  }

  /** A sentence for anything that a call rejected with; what is not an engine's error has no text of its own. */
  function error(thrown: unknown): string {
    if (!isCallError(thrown)) return t('error.unexpected', { detail: String(thrown) });
    const { code, params } = thrown;
    const key = `error.${code}`;
    return i18n.te(key) ? message({ key, params }) : t('error.unexpected', { detail: code });
  }

  return { message, error };
}

/** Told by its shape: it crossed threads and windows, so it is an instance of nothing here. */
export function isCallError(thrown: unknown): thrown is CallError {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    'params' in thrown &&
    typeof thrown.params === 'object'
  );
}
