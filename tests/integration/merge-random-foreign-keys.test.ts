import { testRandomHistories } from '../support/random-histories';

// The application has foreign keys on; a file of its own, so that both run at once.
testRandomHistories(true);
