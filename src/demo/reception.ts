import company from './company.json';
import { dateBefore, timeBefore } from './calendar';
import { makePhoto } from './photo';
import type { Random } from './random';
import { anyMinute, type Till } from './till';

/** A new member of the gym. Half have a photo, some neither phone nor e-mail. */
export function enrol(till: Till): number {
  const { application, random, establishment, daysAgo } = till;
  const [firstName, lastName] = [random.pick(company.firstNames), random.pick(company.lastNames)];
  const id = application.newKey('members');
  application.insert('members', {
    id,
    establishment_id: establishment,
    first_name: firstName,
    last_name: lastName,
    birth_date: random.chance(90) ? dateBefore(random.between(16 * 365, 75 * 365)) : null,
    phone: random.chance(85) ? phoneNumber(random) : null,
    email: random.chance(80) ? mailAddress(firstName, lastName, id) : null,
    address: streetAddress(random),
    joined_on: dateBefore(daysAgo),
    photo: random.chance(50) ? makePhoto(random) : null,
    notes: random.chance(10) ? random.pick(company.notes) : null,
  });
  return id;
}

export const streetAddress = (random: Random): string =>
  `${String(random.between(1, 180))}, ${random.pick(company.streets)}`;

/** `06 12 34 56 78`. */
export function phoneNumber(random: Random): string {
  const pairs = Array.from({ length: 4 }, () => String(random.between(0, 99)).padStart(2, '0'));
  return [random.chance(70) ? '06' : '07', ...pairs].join(' ');
}

/** Letters only, without their accents, and the key, which nobody shares. */
function mailAddress(firstName: string, lastName: string, id: number): string {
  const plain = (name: string): string =>
    name
      .normalize('NFD')
      .replace(/[^a-zA-Z]/g, '')
      .toLowerCase();
  return `${plain(firstName)}.${plain(lastName)}.${String(id)}@exemple.fr`;
}

/** A member comes to train; one who is still there has no time of leaving. */
export function visit(till: Till, member: number, stillThere = false): void {
  const { application, random, establishment, daysAgo } = till;
  const entered = anyMinute(till);
  application.insertNew('visits', {
    member_id: member,
    establishment_id: establishment,
    entered_at: timeBefore(daysAgo, entered),
    left_at: stillThere ? null : timeBefore(daysAgo, entered + random.between(20, 150)),
  });
}
