import { afterAll, beforeAll, beforeEach } from 'vitest';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../provider-simulator/simulator.ts';
import { type Apart, startApart } from './apart.ts';

/** The services apart and a provider, for the tests of one file. */
export interface ApartHouse {
  readonly apart: Apart;
  readonly simulator: Simulator;
}

/** Starts all before the tests of a file and ends them after; a failing test prints the services' logs. */
export function useApart(options: { readonly simulator?: SimulatorOptions } = {}): ApartHouse {
  let apart: Apart | undefined;
  let simulator: Simulator | undefined;
  beforeAll(async () => {
    simulator = await startSimulator(options.simulator);
    apart = await startApart();
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      process.stderr.write(
        `--- the services' logs, last part\n${apart?.logs().slice(-8000)}\n---\n`,
      );
    });
  });
  afterAll(async () => {
    await apart?.close();
    await simulator?.close();
  });
  return {
    get apart() {
      if (apart === undefined) throw new Error('the services are not started yet');
      return apart;
    },
    get simulator() {
      if (simulator === undefined) throw new Error('the provider is not started yet');
      return simulator;
    },
  };
}
