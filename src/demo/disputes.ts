import type { Application } from './application';

/** The business application of an establishment, by its number. */
export type At = (establishment: number) => Application;

/** What two people change without knowing of each other: the rest of the day leaves these rows alone. */
export const DISPUTED_MEMBER = 1;
export const DISPUTED_PRODUCT = 1;
/** Changed at two places as well, but in different columns: both changes hold, and there is no conflict. */
export const SHARED_MEMBER = 2;

/** Two, each the work of `earlyEdits` and `lateEdits` together. */
export const EXPECTED_CONFLICTS = 2;

/** The table whose changes the head office has the last word on, in the settings of the demo. */
export const HEAD_OFFICE_TABLE = 'products';

const CHANGE_CONTACT = 'UPDATE members SET phone = ?, email = ? WHERE id = ?';
const CHANGE_PRICE = 'UPDATE products SET price = ? WHERE id = ?';

/** In the morning, a gym notes a member's new phone number, and the head office lowers a price. */
export function earlyEdits(at: At): void {
  at(2).update(CHANGE_CONTACT, '06 98 76 54 32', 'ancienne.adresse@exemple.fr', DISPUTED_MEMBER);
  at(0).update(CHANGE_PRICE, 32.9, DISPUTED_PRODUCT);
  at(3).update('UPDATE members SET address = ? WHERE id = ?', '12 bis, rue des Mésanges', SHARED_MEMBER);
}

/** In the evening, another gym hears of a newer number, and a third changes the same price after the head office. */
export function lateEdits(at: At): void {
  at(1).update(CHANGE_CONTACT, '07 11 22 33 44', 'nouvelle.adresse@exemple.fr', DISPUTED_MEMBER);
  at(3).update(CHANGE_PRICE, 36.5, DISPUTED_PRODUCT);
  at(0).update('UPDATE members SET notes = ? WHERE id = ?', 'Facture à envoyer par courrier', SHARED_MEMBER);
}
