import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import type { Logger } from '@keymux/service';

/** One file of the console, with its compressed twins. */
interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly br?: Buffer;
  readonly gz?: Buffer;
}

/** Answers for the console's files and pages. */
export interface ConsoleFiles {
  /** Answers a GET or HEAD; false when nothing of the console has this path. */
  answer(req: IncomingMessage, res: ServerResponse, path: string): boolean;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

/** The builder puts the content's hash into these names, so that they never change. */
const hashed = /-[\w-]{8}\.(js|css|woff2)$/;
/** Stands in index.html where each answer gets a nonce of its own. */
const noncePlace = '__NONCE__';

/** What the console may do: nothing but speak to its own origin. */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

/**
 * Reads the built console, all of it: it is small, and a rebuild must not change what a running edge serves. Null
 * when there is no built console in the folder.
 */
export function readConsoleFiles({
  folder,
  log,
}: {
  readonly folder: string;
  readonly log: Logger;
}): ConsoleFiles | null {
  const files = readFiles(folder);
  const index = files.get('/index.html');
  if (index === undefined) {
    log.warn({ folder }, 'the console is not built: a plain page stands at /');
    return null;
  }
  const [before = '', ...after] = index.plain.toString().split(noncePlace);

  function sendPage(req: IncomingMessage, res: ServerResponse): void {
    const nonce = randomBytes(16).toString('base64url');
    const page = [before, ...after].join(nonce);
    res.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(page),
      'cache-control': 'no-cache',
      'content-security-policy': policy(nonce),
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    res.end(req.method === 'HEAD' ? undefined : page);
  }

  function sendFile(
    req: IncomingMessage,
    res: ServerResponse,
    file: ConsoleFile,
    immutable: boolean,
  ): void {
    const headers = {
      'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: file.etag,
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    };
    if (req.headers['if-none-match'] === file.etag) {
      res.writeHead(304, headers);
      res.end();
      return;
    }
    const { body, encoding } = bestOf(file, String(req.headers['accept-encoding'] ?? ''));
    res.writeHead(200, {
      ...headers,
      'content-type': file.type,
      'content-length': body.length,
      ...(encoding === null ? {} : { 'content-encoding': encoding }),
    });
    res.end(req.method === 'HEAD' ? undefined : body);
  }

  return {
    answer(req, res, path) {
      const file = path === '/index.html' ? undefined : files.get(path);
      if (file !== undefined) {
        sendFile(req, res, file, hashed.test(path));
        return true;
      }
      // What looks like a file and is none, such as a script of an older build, is not a page.
      if (extname(path) !== '' && path !== '/index.html') return false;
      if (!acceptsPage(req)) return false;
      sendPage(req, res);
      return true;
    },
  };
}

// Scripts that ask for a mistyped path must see 404, not a page.
function acceptsPage(req: IncomingMessage): boolean {
  const path = req.url?.split('?', 1)[0];
  return path === '/' || String(req.headers.accept ?? '').includes('text/html');
}

function bestOf(
  { plain, br, gz }: ConsoleFile,
  accepted: string,
): { body: Buffer; encoding: string | null } {
  const takes = (name: string): boolean =>
    new RegExp(`\\b${name}\\b(?!;\\s*q=0(?!\\.))`).test(accepted);
  if (br !== undefined && takes('br')) return { body: br, encoding: 'br' };
  if (gz !== undefined && takes('gzip')) return { body: gz, encoding: 'gzip' };
  return { body: plain, encoding: null };
}

function readFiles(folder: string): ReadonlyMap<string, ConsoleFile> {
  const bytes = new Map<string, Buffer>();
  for (const file of filesOf(folder)) {
    bytes.set(`/${relative(folder, file).split(sep).join('/')}`, readFileSync(file));
  }
  const files = new Map<string, ConsoleFile>();
  for (const [path, plain] of bytes) {
    const type = types[extname(path)];
    if (type === undefined) continue;
    const [br, gz] = [bytes.get(`${path}.br`), bytes.get(`${path}.gz`)];
    files.set(path, {
      type,
      plain,
      etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
      ...(br === undefined ? {} : { br }),
      ...(gz === undefined ? {} : { gz }),
    });
  }
  return files;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
