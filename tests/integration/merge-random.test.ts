import { testRandomHistories } from '../support/random-histories';

// The application leaves foreign keys off: orphans, and no cascades.
testRandomHistories(false);
