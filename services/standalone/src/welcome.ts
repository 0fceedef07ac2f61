/** What the terminal shows once Keymux runs; secrets only when they were made just now. */
export function welcome(about: {
  readonly port: number;
  readonly authKey: string | null;
  readonly proxyKey: string | null;
  readonly dataDir: string;
}): string {
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
