import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Period } from '../components/period';

/** In the order of the navigation. */
export const SCREENS = [
  'progress',
  'reports',
  'conflicts',
  'compare',
  'blocked',
  'configuration',
  'test',
] as const;
export type ScreenName = (typeof SCREENS)[number];

/** Asks the user whether the screen may be left; resolves to the answer. */
export type LeaveGuard = () => Promise<boolean>;

/** What the screen of conflicts is opened for. */
export interface ConflictSubject {
  readonly table: string;
  readonly period: Period;
}

export const useNavigationStore = defineStore('navigation', () => {
  const screen = ref<ScreenName>('progress');
  /** The report on the screen of reports; null: the newest. */
  const reportId = ref<string | null>(null);
  /** Taken by the screen of conflicts as it opens. */
  const conflictSubject = shallowRef<ConflictSubject | null>(null);
  /** Set by a screen that holds unsaved changes, and only as long as it does. */
  const leaveGuard = shallowRef<LeaveGuard | null>(null);

  /** False when the screen of now was not left. */
  async function open(name: ScreenName): Promise<boolean> {
    if (name === screen.value) return true;
    if (!(await mayLeave())) return false;
    screen.value = name;
    return true;
  }

  async function mayLeave(): Promise<boolean> {
    if (leaveGuard.value !== null && !(await leaveGuard.value())) return false;
    leaveGuard.value = null;
    return true;
  }

  async function openReport(id: string | null): Promise<void> {
    if (await open('reports')) reportId.value = id;
  }

  async function openConflicts(subject: ConflictSubject): Promise<void> {
    conflictSubject.value = subject;
    if (!(await open('conflicts'))) conflictSubject.value = null;
  }

  return { screen, reportId, conflictSubject, leaveGuard, mayLeave, open, openReport, openConflicts };
});
