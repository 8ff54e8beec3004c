/** What a colour means here, and how each state of the engine's is meant. Words and a picture stand beside it. */
import { CircleCheckFilled, CircleCloseFilled, Clock, Loading, WarningFilled } from '@element-plus/icons-vue';
import type { Component } from 'vue';
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
