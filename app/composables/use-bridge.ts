import { inject, type InjectionKey } from 'vue';
import type { Bridge } from '../bridge';

export const bridgeKey: InjectionKey<Bridge> = Symbol('bridge');

export function useBridge(): Bridge {
  const bridge = inject(bridgeKey);
  if (bridge === undefined) throw new Error('page.ts provides the bridge to every component');
  return bridge;
}
