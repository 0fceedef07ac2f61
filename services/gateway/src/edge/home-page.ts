/** What stands at `/` when the console is not built. */
export const homePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Keymux</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem; }
  code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
  pre { overflow-x: auto; padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 6px; }
</style>
<h1>Keymux is running</h1>
<p>A transparent AI API gateway. Point an SDK at <code>/proxy/{group}</code>, with one of the group's
proxy keys:</p>
<pre>curl /proxy/{group}/v1/chat/completions -H "Authorization: Bearer $PROXY_KEY" …</pre>
<p>The console is not built: <code>npm run build -w web-admin</code>, then start again.</p>
<ul>
  <li><a href="/api/openapi.json">The admin API as OpenAPI 3.1</a></li>
  <li><a href="/healthz">/healthz</a> and <a href="/readyz">/readyz</a></li>
</ul>
</html>
`;
