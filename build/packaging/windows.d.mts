export function makeZip(folder: string): Promise<string>;
export function makeInstaller(
  folder: string,
  options: { readonly version: string; readonly out: string },
): Promise<string>;
