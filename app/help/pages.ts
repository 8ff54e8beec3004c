/** The pages of the help, as the build made them from locales/<language>/help/. */
import type { Language } from '../bridge';
import type { ScreenName } from '../stores/navigation';

export interface HelpSection {
  /** Null: what stands before the first heading of the page. */
  readonly anchor: string | null;
  readonly title: string;
  readonly text: string;
}

export interface HelpPage {
  readonly title: string;
  readonly html: string;
  readonly sections: readonly HelpSection[];
}

/** In the order of the table of contents; the title of a chapter is at `help.chapter.<name>`. */
export const CHAPTERS = [
  { name: 'start', pages: ['before', 'first-steps-hub', 'first-steps-site', 'a-night'] },
  {
    name: 'screens',
    pages: ['window', 'progress', 'reports', 'conflicts', 'compare', 'blocked', 'configuration', 'test'],
  },
  { name: 'more', pages: ['what-if', 'security', 'backup', 'sql-server', 'glossary'] },
] as const;

export type PageName = (typeof CHAPTERS)[number]['pages'][number];

export const PAGES: readonly PageName[] = CHAPTERS.flatMap(({ pages }) => pages);

/** Where the help opens: every screen has the page of its own name. */
export function pageOf(screen: ScreenName, configured: boolean): PageName {
  return screen === 'progress' && !configured ? 'before' : screen;
}

export function isPageName(name: string): name is PageName {
  return PAGES.some((page) => page === name);
}

const files = import.meta.glob<HelpPage>('../../locales/*/help/*.md', { eager: true, import: 'default' });

export function helpPage(language: Language, name: PageName): HelpPage {
  const page = files[`../../locales/${language}/help/${name}.md`];
  if (page === undefined) throw new Error(`the help has no page ${name} in ${language}`);
  return page;
}
