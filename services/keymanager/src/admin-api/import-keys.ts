import type { keymanagerOperations } from '@keymux/contracts';
import {
  type Handler,
  invalidField,
  isProblem,
  newId,
  problem,
  type Problem,
  type Reply,
} from '@keymux/service';
import { importInput } from '../commands/import-keys.ts';
import { type Entry } from '../import/entry.ts';
import { readUpload } from '../import/read-upload.ts';
import { spooledKey } from '../import/spool.ts';
import { fingerprintsOf } from '../roster/fingerprints.ts';
import { acceptedReply } from './accepted-reply.ts';
import type { AdminDeps } from './admin-deps.ts';
import { keyedGroupOf } from './group-of.ts';

interface InvalidLine {
  readonly line: number;
  readonly reason: string;
}

const shownLines = 100;
/** Keys that a preview remembers to find the same one twice. */
const mostPreviewed = 2_000_000;
/** Keys that a preview looks for at once. */
const askedKeys = 1_000;

// What an upload has that is no key.
function createInvalids() {
  let count = 0;
  const lines: InvalidLine[] = [];
  return {
    add({ line, reason }: Extract<Entry, { kind: 'invalid' }>): undefined {
      count += 1;
      if (lines.length < shownLines) lines.push({ line, reason });
      return undefined;
    },
    result: () => ({ invalid: count, invalid_lines: lines }),
    get count() {
      return count;
    },
  };
}

/** A disk that cannot take the upload, as an answer; anything else is a bug. */
function diskProblem(error: unknown): Problem | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return problem('unavailable', { detail: 'the disk is full' });
    case 'EROFS':
    case 'EACCES':
      return problem('unavailable', { detail: 'the data folder cannot be written' });
    default:
      return undefined;
  }
}

/** Imports of keys: previews, and uploads that become tasks once they are complete. */
export function createImportHandler(
  deps: AdminDeps,
): Handler<(typeof keymanagerOperations)['importKeys']> {
  const { roster, groups, spool, runner, audit, vault, clock, log } = deps;
  const { maxImportBytes: maxBytes } = deps;

  async function preview(input: Parameters<Handler>[0], group: string): Promise<Reply> {
    const invalids = createInvalids();
    const seen = new Set<string>();
    const pool = await roster.pools.find(group);
    let added = 0;
    let duplicates = 0;
    let unseen: string[][] = [];
    const ask = async (): Promise<void> => {
      const asked = unseen;
      unseen = [];
      if (pool === undefined) return;
      const known = await roster.keys.idsBySecret(pool.id, asked.flat());
      const found = asked.filter((fingerprints) => fingerprints.some((each) => known.has(each)));
      added -= found.length;
      duplicates += found.length;
    };
    const take = (entry: Entry): Promise<void> | undefined => {
      if (entry.kind === 'invalid') return invalids.add(entry);
      const fingerprints = fingerprintsOf(vault, entry.secret);
      const [first = ''] = fingerprints;
      if (seen.has(first)) {
        duplicates += 1;
        return undefined;
      }
      if (seen.size < mostPreviewed) seen.add(first);
      added += 1;
      unseen.push(fingerprints);
      return unseen.length < askedKeys ? undefined : ask();
    };
    const upload = await readUpload(input.req, { maxBytes, take });
    if (upload.kind === 'gone') return 'handled';
    if (upload.kind === 'problem') return upload;
    await ask();
    return { status: 200, body: { added, duplicates, ...invalids.result() } };
  }

  async function accept(input: Parameters<Handler>[0], group: string): Promise<Reply> {
    const { req, actor } = input;
    const invalids = createInvalids();
    const id = newId();
    const writer = await spool.create(id);
    let keys = 0;
    let committed = false;
    try {
      const take = (entry: Entry): Promise<void> | undefined => {
        if (entry.kind === 'invalid') return invalids.add(entry);
        keys += 1;
        return writer.add(spooledKey(vault, entry.secret));
      };
      const upload = await readUpload(req, { maxBytes, take });
      if (upload.kind === 'gone') return 'handled';
      if (upload.kind === 'problem') return upload;
      if (keys + invalids.count === 0) return invalidField('keys', 'there is no key in it');
      // The group may have been deleted during a long upload.
      const still = await keyedGroupOf(groups, group);
      if (isProblem(still)) return still;
      await writer.commit();
      committed = true;
    } finally {
      if (!committed) await writer.discard();
    }
    const task = await runner.submit({
      kind: 'import',
      id,
      group,
      poolId: (await roster.pools.open(group)).id,
      actor,
      input: importInput(vault),
      processed: invalids.count,
      total: keys + invalids.count,
      result: { added: 0, duplicates: 0, ...invalids.result() },
      createdMs: clock.now(),
    });
    await audit.record({ type: 'KeysImported', actor, data: { group, keys, task_id: id } });
    return acceptedReply(task);
  }

  return async (input) => {
    const { params, query, req } = input;
    const group = await keyedGroupOf(groups, params.name);
    if (isProblem(group)) {
      req.resume();
      return group;
    }
    try {
      return query.dry_run === true
        ? await preview(input, group.name)
        : await accept(input, group.name);
    } catch (error) {
      const refused = diskProblem(error);
      if (refused === undefined) throw error;
      log.warn({ err: error }, 'an import could not be kept');
      req.resume();
      return refused;
    }
  };
}
