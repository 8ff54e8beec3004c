import type { SiteMemory } from '../port';

const forget = (): Promise<void> => Promise.resolve();

/** Of a line that has nobody to tell what it learns. */
export const noMemory: SiteMemory = {
  secretTaken: forget,
  certificateAnnounced: forget,
  certificateRenewed: forget,
};
