import type { Routes } from '@angular/router';
import { signedIn, signedOut } from './guards.ts';

/** The pages; each is loaded when it is first opened. */
export const routes: Routes = [
  {
    path: 'sign-in',
    canActivate: [signedOut],
    loadComponent: () => import('../sign-in/sign-in-page.ts').then((it) => it.SignInPage),
  },
  {
    path: '',
    canActivate: [signedIn],
    loadComponent: () => import('./frame.ts').then((it) => it.Frame),
    children: [
      { path: '', pathMatch: 'full', redirectTo: 'overview' },
      {
        path: 'overview',
        loadComponent: () => import('../overview/overview-page.ts').then((it) => it.OverviewPage),
      },
      {
        path: 'groups',
        loadComponent: () => import('../groups/group-list.ts').then((it) => it.GroupList),
      },
      {
        path: 'new-group',
        loadComponent: () => import('../groups/group-form.ts').then((it) => it.GroupForm),
      },
      {
        path: 'groups/:name',
        loadComponent: () => import('../groups/group-page.ts').then((it) => it.GroupPage),
      },
      {
        path: 'groups/:name/edit',
        loadComponent: () => import('../groups/group-form.ts').then((it) => it.GroupForm),
      },
      {
        path: 'groups/:name/keys',
        loadComponent: () => import('../keys/keys-page.ts').then((it) => it.KeysPage),
      },
      {
        path: 'logs',
        loadComponent: () => import('../logs/logs-page.ts').then((it) => it.LogsPage),
        children: [
          {
            path: ':request_id',
            loadComponent: () => import('../logs/log-drawer.ts').then((it) => it.LogDrawer),
          },
        ],
      },
      {
        path: 'settings',
        loadComponent: () => import('../settings/settings-page.ts').then((it) => it.SettingsPage),
      },
      {
        path: 'settings/revisions',
        loadComponent: () => import('../settings/revisions-page.ts').then((it) => it.RevisionsPage),
      },
      {
        path: 'settings/maintenance',
        loadComponent: () =>
          import('../settings/maintenance-page.ts').then((it) => it.MaintenancePage),
      },
      {
        path: 'groups/:name/what-if',
        loadComponent: () =>
          import('../groups/what-if/what-if-page.ts').then((it) => it.WhatIfPage),
      },
      {
        path: 'activity',
        loadComponent: () => import('../activity/activity-page.ts').then((it) => it.ActivityPage),
      },
      { path: '**', redirectTo: 'overview' },
    ],
  },
];
