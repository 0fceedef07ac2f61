import { MongoBulkWriteError, MongoError, MongoNetworkError, MongoServerError } from 'mongodb';

const duplicateKey = 11_000;
/** Unauthorized and AuthenticationFailed: no patience helps. */
const refusals = new Set<unknown>([13, 18, 8000]);

/** True when a unique index refused a document. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey;
}

/** True when nothing of a bulk write failed but what a unique index refused. */
export function onlyDuplicateKeys(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError)) return isDuplicateKey(error);
  const errors = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  // A bulk write that the network cut off has no such errors either.
  if (errors.length === 0) return isDuplicateKey(error);
  return errors.every((each) => each.code === duplicateKey);
}

/** True when the server refuses the credentials. */
export function isRefused(error: unknown): boolean {
  return error instanceof MongoServerError && refusals.has(error.code);
}

/** True for a database that cannot be reached or cannot write now: to be tried until it can. */
export function isMongoAway(error: unknown): boolean {
  const wrapped = wrappedIn(error);
  if (wrapped !== undefined) return isMongoAway(wrapped);
  if (!(error instanceof MongoError) || isDuplicateKey(error) || isRefused(error)) return false;
  // Of several names, some of which only the driver knows.
  if (error instanceof MongoNetworkError) return true;
  if (!(error instanceof MongoServerError)) {
    return [
      'MongoServerSelectionError',
      'MongoServerClosedError',
      'MongoPoolClosedError',
      'MongoNotConnectedError',
      'MongoTopologyClosedError',
      'MongoWaitQueueTimeoutError',
      'MongoWriteConcernError',
      'MongoOperationTimeoutError',
      'MongoExpiredSessionError',
    ].includes(error.name);
  }
  return (
    error.hasErrorLabel('RetryableWriteError') ||
    error.hasErrorLabel('RetryableError') ||
    error.name === 'MongoWriteConcernError' ||
    serverAway.has(error.code)
  );
}

// What befell a bulk write as a whole, the driver hides in an error that looks like the server's.
function wrappedIn(error: unknown): Error | undefined {
  if (!(error instanceof MongoBulkWriteError)) return undefined;
  const cause: unknown = error.errorResponse;
  return cause instanceof Error ? cause : undefined;
}

// Stepping down, shutting down, interrupted, a full disk (https://www.mongodb.com/docs/manual/reference/error-codes/).
const serverAway = new Set<unknown>([
  6, 7, 64, 89, 91, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436, 14_031,
]);
