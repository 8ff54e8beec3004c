export interface Runtime {
  readonly folder: string;
  readonly nw: string;
  readonly chromedriver: string | null;
}
export function findRuntime(): Runtime;
export function machineArguments(): string[];
