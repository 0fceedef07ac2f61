import { effect, inject } from '@angular/core';
import { type NavigationError, Router } from '@angular/router';
import { Connection } from '../api/connection.ts';

/**
 * A page whose code did not come, since the server is away or is a newer one: goes there once the server answers, with
 * the console as it is by then.
 */
export function recoverNavigation({ error, url }: NavigationError): void {
  const router = inject(Router);
  const connection = inject(Connection);
  if (!(error instanceof TypeError) || !error.message.includes('module')) {
    console.error(error);
    return;
  }
  const [from, returns] = [router.url, connection.returns()];
  connection.lost();
  const waiting = effect(() => {
    if (connection.returns() === returns) return;
    waiting.destroy();
    if (router.url === from) location.assign(url);
  });
}
