import engineEnglish from '../../locales/en/engine.json';
import mailEnglish from '../../locales/en/mail.json';
import engineFrench from '../../locales/fr/engine.json';
import mailFrench from '../../locales/fr/mail.json';
import { createTranslator, translatorIn, type Translate } from '../shared/translate';
import type { Language } from './port';

/** Words of letters and of the reports that go with them. */
export const letterTexts: Readonly<Record<Language, Translate>> = {
  fr: createTranslator(engineFrench, mailFrench),
  en: translatorIn('en', engineEnglish, mailEnglish),
};
