/** What a colour means here, and how each state of the engine's is meant. Words and a picture stand beside it. */
import { CircleCheckFilled, CircleCloseFilled, Clock, Loading, WarningFilled } from '@element-plus/icons-vue';
import type { Component } from 'vue';
import type { CheckResult, ConflictEntry, SiteOverview, Verdict } from '../src/engine/contract';
import type { SessionState, StepState } from '../src/report/report';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'calm';

export const TONE_ICONS: Record<Tone, Component> = {
  good: CircleCheckFilled,
  warn: WarningFilled,
  bad: CircleCloseFilled,
  busy: Loading,
  calm: Clock,
};

export const STATE_TONES: Record<SessionState | StepState, Tone> = {
  running: 'busy',
  ok: 'good',
  done: 'good',
  warnings: 'warn',
  warning: 'warn',
  partial: 'warn',
  idle: 'calm',
  pending: 'calm',
  stopped: 'warn',
  failed: 'bad',
};

export const VERDICT_TONES: Record<Verdict['level'], Tone> = {
  good: 'good',
  neutral: 'calm',
  busy: 'busy',
  warning: 'warn',
  bad: 'bad',
};

export const SITE_TONES: Record<SiteOverview['state'], Tone> = {
  expected: 'calm',
  receiving: 'busy',
  received: 'busy',
  merged: 'busy',
  upToDate: 'good',
  absent: 'bad',
  retired: 'calm',
};

export const CHECK_TONES: Record<CheckResult['state'], Tone> = {
  running: 'busy',
  ok: 'good',
  warning: 'warn',
  failed: 'bad',
  skipped: 'calm',
};

export const REFUSED_TONES: Record<NonNullable<ConflictEntry['refused']>['outcome'], Tone> = {
  waiting: 'warn',
  passed: 'good',
  superseded: 'calm',
  changed: 'calm',
};
