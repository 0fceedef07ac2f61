/** What the terminal shows once Keymux runs; secrets only when they were made just now. */
export function welcome(about: {
  readonly port: number;
  readonly authKey: string | null;
  readonly proxyKey: string | null;
  readonly dataDir: string;
  readonly format: 'text' | 'json';
}): string {
  if (about.format === 'json') return welcomeLine(about);
  const { port, authKey, proxyKey, dataDir } = about;
  const lines = [`Keymux runs: http://localhost:${port}`];
  if (authKey !== null) {
    lines.push(
      '',
      'Made at this first start, and shown only now:',
      `  AUTH_KEY   ${authKey}   (to administer; kept in ${dataDir}/auth.key)`,
    );
  }
  if (proxyKey !== null) {
    lines.push(`  proxy key  ${proxyKey}   (for clients; see /api/settings)`);
  }
  return `\n${lines.join('\n')}\n\n`;
}

/** The same as one JSON line, for those who collect them. Not through the logger, which would cut the secrets. */
function welcomeLine(about: Parameters<typeof welcome>[0]): string {
  const { port, authKey, proxyKey } = about;
  return `${JSON.stringify({
    level: 'info',
    time: new Date().toISOString(),
    msg: `Keymux runs: http://localhost:${port}`,
    ...(authKey === null ? {} : { new_auth_key: authKey }),
    ...(proxyKey === null ? {} : { new_proxy_key: proxyKey }),
  })}\n`;
}
