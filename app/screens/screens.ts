import {
  ChatLineSquare,
  CircleCheck,
  DataLine,
  Document,
  Lock,
  Setting,
  Switch,
} from '@element-plus/icons-vue';
import { defineAsyncComponent, type Component } from 'vue';
import type { ScreenName } from '../stores/navigation';

interface Screen {
  readonly icon: Component;
  readonly component: Component;
}

/** Every screen of the navigation: made when it is first opened. Its name is at `screen.<name>.title`. */
export const screens: Record<ScreenName, Screen> = {
  progress: { icon: DataLine, component: defineAsyncComponent(() => import('./ProgressScreen.vue')) },
  reports: { icon: Document, component: defineAsyncComponent(() => import('./ReportsScreen.vue')) },
  conflicts: { icon: ChatLineSquare, component: defineAsyncComponent(() => import('./ConflictsScreen.vue')) },
  compare: { icon: Switch, component: defineAsyncComponent(() => import('./CompareScreen.vue')) },
  blocked: { icon: Lock, component: defineAsyncComponent(() => import('./BlockedScreen.vue')) },
  configuration: {
    icon: Setting,
    component: defineAsyncComponent(() => import('./ConfigurationScreen.vue')),
  },
  test: { icon: CircleCheck, component: defineAsyncComponent(() => import('./TestScreen.vue')) },
};
