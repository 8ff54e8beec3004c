import { useI18n } from 'vue-i18n';
import type { Cell, ConflictEntry, ConflictSide } from '../../../src/engine/contract';
import { useFormat } from '../../composables/use-format';

/** A conflict's values in words, for the list, the comparison and paper. */
export function useConflictWords() {
  const { t } = useI18n();
  const { bytes } = useFormat();

  /** Null: the row is not there on that side. */
  function cell(value: Cell | null): string {
    if (value === null) return t('conflicts.absent');
    if (value.type === 'null') return t('conflicts.null');
    if (value.type === 'bytes') return t('conflicts.bytes', { size: bytes(value.size) });
    return value.text === '' ? t('conflicts.emptyText') : value.text;
  }

  /** A side's name: a site knows the name of no other place than itself. */
  function place({ site, name }: ConflictSide): string {
    if (site !== 0) return name;
    return name === '0' ? t('conflicts.hubAlone') : t('conflicts.hub', { name });
  }

  /** What names the row in its table: `id 182`. */
  function key({ columns }: ConflictEntry): string {
    return columns
      .filter(({ isKey }) => isKey)
      .map(({ name, winner, loser }) => `${name} ${cell(winner ?? loser)}`)
      .join(', ');
  }

  return { cell, place, key };
}
