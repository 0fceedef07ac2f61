import { pino, type Logger as PinoLogger } from 'pino';
import { readLogLine, textLine } from './log-line.ts';
import { openRotatingFile, type RotatingFile } from './rotating-file.ts';

/** Where a service tells what happens to it. ERROR never occurs in a healthy system; what heals itself is WARN. */
export type Logger = PinoLogger;

/** From the most to the least talkative. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** How a logger writes. */
export interface LoggerOptions {
  service: string;
  level: LogLevel;
  format: 'text' | 'json';
  /** Also append to this file, rotated at 10 MiB, five old ones kept. */
  filePath?: string;
  /** Where lines go instead of the standard output. */
  write?: (line: string) => void;
}

/**
 * Creates a logger from which no secret gets out, whatever it is given: fields with the names of secrets and texts that
 * look like one are cut in every line. A log file that cannot be written is a warning, once; it never stops the service.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level, format, filePath } = options;
  const stdout = options.write ?? createStdout();
  let file: RotatingFile | undefined;
  let complained = false;

  function complain(error: unknown): void {
    if (complained) return;
    complained = true;
    logger.warn(
      `cannot write the log file: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  const destination = {
    write(line: string) {
      const fields = readLogLine(line);
      const written = format === 'json' ? `${JSON.stringify(fields)}\n` : textLine(fields);
      stdout(written);
      try {
        file?.write(written);
      } catch (error) {
        complain(error);
      }
    },
  };
  const logger = pino({ level, base: { service, pid: process.pid } }, destination);
  try {
    if (filePath !== undefined) file = openRotatingFile({ path: filePath });
  } catch (error) {
    complain(error);
  }
  return logger;
}

// Synchronous, so that the last line before an exit is not lost.
function createStdout(): (line: string) => void {
  const stream = pino.destination({ fd: 1, sync: true });
  return (line) => {
    stream.write(line);
  };
}
