/** Entry of the window: puts the screens together and links them to the background page. */
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import 'element-plus/theme-chalk/base.css';
import '../assets/styles/tokens.css';
import '../assets/styles/base.css';
import '../assets/styles/element.css';
import '../assets/styles/controls.css';
import App from './App.vue';
import type { SharedGlobal } from './bridge';
import { bridgeKey } from './composables/use-bridge';
import { createTexts } from './texts';

declare const global: SharedGlobal;

const bridge = global.synchronisation;
if (bridge === undefined) throw new Error('The window is opened by the background page, never alone.');

createApp(App)
  .use(createPinia())
  .use(createTexts(bridge.preferences.language))
  .provide(bridgeKey, bridge)
  .mount('#app');
