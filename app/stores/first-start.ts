import { defineStore } from 'pinia';
import { ref } from 'vue';

/** The guided path of a program that nobody has configured yet. */
export const useFirstStartStore = defineStore('first-start', () => {
  /** From its last step on there are settings, and still something to read: the path stays until it is left. */
  const finishing = ref(false);
  /** A test of what was just set up is proposed. */
  const offersTest = ref(false);

  function finish(): void {
    finishing.value = false;
    offersTest.value = true;
  }

  return { finishing, offersTest, finish };
});
