export const root: string;
export function bundleNode(entry: string, outFile: string, options?: { executable?: boolean }): Promise<void>;
export function bundleApp(outDir: string): Promise<void>;
