import { inject } from '@angular/core';
import { type CanActivateFn, Router } from '@angular/router';
import { Api } from '../api/api.ts';
import { Connection } from '../api/connection.ts';
import { ApiProblem } from '../api/problem.ts';

async function isSignedIn(): Promise<boolean> {
  const connection = inject(Connection);
  const api = inject(Api);
  if (connection.session() !== 'unknown') return connection.signedIn();
  try {
    await api.call('session');
    connection.signedInNow();
    return true;
  } catch (error) {
    // A server that is away has said nothing of the session: the pages say so themselves.
    return !(error instanceof ApiProblem);
  }
}

/** Lets in who is signed in; others sign in first, and then go on to where they were going. */
export const signedIn: CanActivateFn = async (_route, state) => {
  const router = inject(Router);
  if (await isSignedIn()) return true;
  return router.createUrlTree(['/sign-in'], { queryParams: { to: state.url } });
};

/** Signing in is for who is not. */
export const signedOut: CanActivateFn = async () => {
  const router = inject(Router);
  return (await isSignedIn()) ? router.createUrlTree(['/overview']) : true;
};
