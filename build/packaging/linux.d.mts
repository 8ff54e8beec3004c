export function makeArchive(folder: string, options?: { readonly compression?: number }): Promise<string>;
export function makeDebianPackage(
  folder: string,
  options: { readonly version: string; readonly compression?: readonly string[] },
): Promise<string>;
