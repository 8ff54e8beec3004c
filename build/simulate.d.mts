export interface FailedHistory {
  readonly seed: number;
  readonly findings: readonly string[];
}

export interface SimulationOptions {
  readonly seed: number;
  readonly count: number;
  readonly workers?: number;
  readonly story?: boolean;
  readonly onLine?: (failed: FailedHistory) => void;
}

export function simulate(options: SimulationOptions): Promise<readonly FailedHistory[]>;
export function bundleSimulation(file: string): Promise<void>;
