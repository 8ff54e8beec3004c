export interface HelpSection {
  readonly anchor: string | null;
  readonly title: string;
  readonly text: string;
}

export interface BuiltHelpPage {
  readonly title: string;
  readonly html: string;
  readonly sections: readonly HelpSection[];
  readonly links: readonly { readonly page: string | null; readonly anchor: string | null }[];
}

/** The folder of the pictures. */
export const pictures: string;
export function helpPage(source: string): BuiltHelpPage;
