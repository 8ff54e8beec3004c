export interface ProgramFolder {
  readonly folder: string;
  readonly version: string;
  readonly runtime: { readonly version: string; readonly flavor: 'normal' | 'sdk' };
}

export function makeProgramFolder(
  system: 'linux' | 'win',
  options: { readonly out: string; readonly product: string; readonly atHand?: boolean },
): Promise<ProgramFolder>;
