// Made from the OpenAPI document by `npm run api -w web-admin`. Not to be edited.

export type Attempt = {
  readonly key_id: string;
  /** masked */
  readonly key: string;
  readonly upstream: string;
  readonly status: number | null;
  readonly verdict:
    'success' | 'count' | 'blacklist' | 'cooldown' | 'upstream' | 'retry' | 'pass' | 'client';
  readonly rule: string;
  readonly ms: number;
};

export type Channel = {
  readonly name: 'openai' | 'openai-response' | 'gemini' | 'anthropic';
  readonly test_model: string;
  readonly base_url: string;
};

export type ErrorRule = {
  readonly status: number;
  readonly contains?: string;
  readonly verdict: 'pass' | 'retry' | 'count' | 'cooldown' | 'blacklist' | 'upstream';
  readonly seconds?: number;
};

export type FieldDiff = {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
};

export type Group = {
  /** Lower case letters, digits, - and _; up to 100. */
  readonly name: string;
  readonly type: 'standard' | 'aggregate';
  readonly channel: 'openai' | 'openai-response' | 'gemini' | 'anthropic';
  readonly display_name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly upstreams: readonly Upstream[];
  readonly members: readonly Member[];
  readonly test_model: string;
  readonly validation_endpoint: string;
  readonly proxy_keys: readonly string[];
  readonly config: {
    readonly enable_request_body_logging?: boolean | null;
    readonly request_timeout?: number | null;
    readonly connect_timeout?: number | null;
    readonly idle_conn_timeout?: number | null;
    readonly response_header_timeout?: number | null;
    readonly first_byte_timeout?: number | null;
    readonly stream_idle_timeout?: number | null;
    readonly max_idle_conns?: number | null;
    readonly max_idle_conns_per_host?: number | null;
    readonly proxy_url?: string | null;
    readonly max_retries?: number | null;
    readonly blacklist_threshold?: number | null;
    readonly key_rpm_limit?: number | null;
    readonly key_concurrency_limit?: number | null;
    readonly proxy_key_rpm_limit?: number | null;
    readonly headroom?: boolean | null;
    readonly key_validation_interval_minutes?: number | null;
    readonly key_validation_concurrency?: number | null;
    readonly key_validation_timeout_seconds?: number | null;
  };
  readonly param_overrides: Readonly<Record<string, unknown>>;
  readonly header_rules: readonly HeaderRule[];
  readonly model_redirect_rules: Readonly<Record<string, string>>;
  readonly model_redirect_strict: boolean;
  readonly error_rules: readonly ErrorRule[];
  readonly sort: number;
  readonly endpoint: string;
  readonly effective_config: Readonly<
    Record<
      string,
      {
        readonly value: unknown;
        readonly source: 'default' | 'environment' | 'system' | 'group';
      }
    >
  >;
  readonly revision: number;
  readonly created_at: string;
  readonly updated_at: string;
};

export type GroupPatch = {
  readonly display_name?: string;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly upstreams?: readonly Upstream[];
  readonly members?: readonly Member[];
  readonly test_model?: string;
  readonly validation_endpoint?: string;
  readonly proxy_keys?: readonly string[];
  readonly config?: {
    readonly enable_request_body_logging?: boolean | null;
    readonly request_timeout?: number | null;
    readonly connect_timeout?: number | null;
    readonly idle_conn_timeout?: number | null;
    readonly response_header_timeout?: number | null;
    readonly first_byte_timeout?: number | null;
    readonly stream_idle_timeout?: number | null;
    readonly max_idle_conns?: number | null;
    readonly max_idle_conns_per_host?: number | null;
    readonly proxy_url?: string | null;
    readonly max_retries?: number | null;
    readonly blacklist_threshold?: number | null;
    readonly key_rpm_limit?: number | null;
    readonly key_concurrency_limit?: number | null;
    readonly proxy_key_rpm_limit?: number | null;
    readonly headroom?: boolean | null;
    readonly key_validation_interval_minutes?: number | null;
    readonly key_validation_concurrency?: number | null;
    readonly key_validation_timeout_seconds?: number | null;
  };
  readonly param_overrides?: Readonly<Record<string, unknown>>;
  readonly header_rules?: readonly HeaderRule[];
  readonly model_redirect_rules?: Readonly<Record<string, string>>;
  readonly model_redirect_strict?: boolean;
  readonly error_rules?: readonly ErrorRule[];
  readonly sort?: number;
};

export type HeaderRule = {
  readonly name: string;
  readonly action: 'set' | 'remove';
  readonly value?: string;
};

export type Key = {
  readonly id: string;
  /** Lower case letters, digits, - and _; up to 100. */
  readonly group: string;
  readonly masked: string;
  readonly status: 'active' | 'cooling' | 'blacklisted' | 'disabled';
  /** One sentence: why the key is in this state. */
  readonly why: string;
  readonly note: string;
  readonly streak: number;
  readonly requests: number;
  readonly failures: number;
  readonly cooldowns: readonly {
    readonly model: string | null;
    /** ISO 8601 */
    readonly until: string;
  }[];
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly version: number;
  /** What its provider said in the last hour; where one key was asked for. */
  readonly headroom?: readonly {
    readonly model: string;
    /** ISO 8601: when the provider told it */
    readonly at: string;
    readonly requests: {
      readonly remaining: number;
      readonly limit: number | null;
      /** ISO 8601: when all of it is there again */
      readonly reset: string | null;
    } | null;
    readonly tokens: {
      readonly remaining: number;
      readonly limit: number | null;
      /** ISO 8601: when all of it is there again */
      readonly reset: string | null;
    } | null;
  }[];
};

export type KeyEvent = {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly version: number;
  readonly actor: string;
  readonly request_id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

export type LogRow = {
  readonly request_id: string;
  readonly time: string;
  /** the group that served; a member when an aggregate was asked */
  readonly group: string;
  readonly aggregate: string | null;
  readonly channel: 'openai' | 'openai-response' | 'gemini' | 'anthropic' | null;
  readonly proxy_key: string | null;
  readonly method: string;
  readonly path: string;
  readonly model: string | null;
  readonly model_sent: string | null;
  readonly streaming: boolean;
  readonly status: number;
  readonly at_fault: 'client' | 'gateway' | 'key' | 'upstream' | null;
  readonly error: string | null;
  readonly attempts: readonly Attempt[];
  readonly ttfb_ms: number | null;
  readonly duration_ms: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly tokens: {
    readonly input: number | null;
    readonly output: number | null;
    readonly cached: number | null;
    readonly reasoning: number | null;
  };
  readonly source_ip: string;
  readonly user_agent: string | null;
  readonly revision: number;
  readonly trace_id: string | null;
  readonly upstream_request_id?: string | null;
  readonly body?: string | null;
};

export type Member = {
  /** Lower case letters, digits, - and _; up to 100. */
  readonly group: string;
  readonly weight: number;
};

export type NewGroup = {
  /** Lower case letters, digits, - and _; up to 100. */
  readonly name: string;
  readonly type?: 'standard' | 'aggregate';
  readonly channel: 'openai' | 'openai-response' | 'gemini' | 'anthropic';
  readonly display_name?: string;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly upstreams?: readonly Upstream[];
  readonly members?: readonly Member[];
  readonly test_model?: string;
  readonly validation_endpoint?: string;
  readonly proxy_keys?: readonly string[];
  readonly config?: {
    readonly enable_request_body_logging?: boolean | null;
    readonly request_timeout?: number | null;
    readonly connect_timeout?: number | null;
    readonly idle_conn_timeout?: number | null;
    readonly response_header_timeout?: number | null;
    readonly first_byte_timeout?: number | null;
    readonly stream_idle_timeout?: number | null;
    readonly max_idle_conns?: number | null;
    readonly max_idle_conns_per_host?: number | null;
    readonly proxy_url?: string | null;
    readonly max_retries?: number | null;
    readonly blacklist_threshold?: number | null;
    readonly key_rpm_limit?: number | null;
    readonly key_concurrency_limit?: number | null;
    readonly proxy_key_rpm_limit?: number | null;
    readonly headroom?: boolean | null;
    readonly key_validation_interval_minutes?: number | null;
    readonly key_validation_concurrency?: number | null;
    readonly key_validation_timeout_seconds?: number | null;
  };
  readonly param_overrides?: Readonly<Record<string, unknown>>;
  readonly header_rules?: readonly HeaderRule[];
  readonly model_redirect_rules?: Readonly<Record<string, string>>;
  readonly model_redirect_strict?: boolean;
  readonly error_rules?: readonly ErrorRule[];
  readonly sort?: number;
};

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly request_id?: string;
  readonly errors?: readonly {
    readonly field: string;
    readonly message: string;
  }[];
};

export type Revision = {
  readonly revision: number;
  readonly time: string;
  readonly actor: string;
  readonly type: string;
  /** group name, `settings`, `order`, or `revision n` of a restore */
  readonly subject: string;
  readonly diff: readonly FieldDiff[];
};

export type Setting = {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly section: string;
  readonly type: 'integer' | 'boolean' | 'string';
  readonly default: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly value: unknown;
  readonly source: 'default' | 'environment' | 'system';
  readonly group_overridable: boolean;
};

export type Task = {
  readonly id: string;
  readonly kind: string;
  readonly group: string | null;
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly processed: number;
  readonly total: number | null;
  readonly result: Readonly<Record<string, unknown>>;
  readonly error: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
};

export type Upstream = {
  readonly url: string;
  readonly weight: number;
};

/** What each call takes and answers. */
export interface Operations {
  /** Opens a session: a HttpOnly cookie. */
  login: {
    path: undefined;
    query: undefined;
    body: {
      readonly auth_key: string;
    };
    answer: {
      readonly actor: string;
      readonly expires_at: string;
    };
  };
  /** Ends the session everywhere. */
  logout: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Who is signed in. */
  session: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      readonly actor: string;
      readonly expires_at: string | null;
    };
  };
  /** The provider formats with their defaults. */
  listChannels: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      readonly items: readonly Channel[];
    };
  };
  /** All groups in their order. */
  listGroups: {
    path: undefined;
    query: {
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
      readonly q?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly items: readonly Group[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** Creates a group. */
  createGroup: {
    path: undefined;
    query: { readonly dry_run?: boolean | undefined };
    body: NewGroup;
    answer:
      | {
          /** Lower case letters, digits, - and _; up to 100. */
          readonly name: string;
          readonly type: 'standard' | 'aggregate';
          readonly channel: 'openai' | 'openai-response' | 'gemini' | 'anthropic';
          readonly display_name: string;
          readonly description: string;
          readonly enabled: boolean;
          readonly upstreams: readonly Upstream[];
          readonly members: readonly Member[];
          readonly test_model: string;
          readonly validation_endpoint: string;
          readonly proxy_keys: readonly string[];
          readonly config: {
            readonly enable_request_body_logging?: boolean | null;
            readonly request_timeout?: number | null;
            readonly connect_timeout?: number | null;
            readonly idle_conn_timeout?: number | null;
            readonly response_header_timeout?: number | null;
            readonly first_byte_timeout?: number | null;
            readonly stream_idle_timeout?: number | null;
            readonly max_idle_conns?: number | null;
            readonly max_idle_conns_per_host?: number | null;
            readonly proxy_url?: string | null;
            readonly max_retries?: number | null;
            readonly blacklist_threshold?: number | null;
            readonly key_rpm_limit?: number | null;
            readonly key_concurrency_limit?: number | null;
            readonly proxy_key_rpm_limit?: number | null;
            readonly headroom?: boolean | null;
            readonly key_validation_interval_minutes?: number | null;
            readonly key_validation_concurrency?: number | null;
            readonly key_validation_timeout_seconds?: number | null;
          };
          readonly param_overrides: Readonly<Record<string, unknown>>;
          readonly header_rules: readonly HeaderRule[];
          readonly model_redirect_rules: Readonly<Record<string, string>>;
          readonly model_redirect_strict: boolean;
          readonly error_rules: readonly ErrorRule[];
          readonly sort: number;
          readonly endpoint: string;
          readonly effective_config: Readonly<
            Record<
              string,
              {
                readonly value: unknown;
                readonly source: 'default' | 'environment' | 'system' | 'group';
              }
            >
          >;
          readonly revision: number;
          readonly created_at: string;
          readonly updated_at: string;
          readonly preview?: {
            readonly diff: readonly FieldDiff[];
            readonly settings: readonly {
              readonly name: string;
              readonly before: {
                readonly value: unknown;
                readonly source: 'default' | 'environment' | 'system' | 'group';
              } | null;
              readonly after: {
                readonly value: unknown;
                readonly source: 'default' | 'environment' | 'system' | 'group';
              } | null;
            }[];
            readonly groups: readonly {
              /** Lower case letters, digits, - and _; up to 100. */
              readonly group: string;
              /** `inherits`: only what it takes from the settings changes */
              readonly change: 'created' | 'changed' | 'deleted' | 'inherits';
              readonly effective: readonly {
                readonly name: string;
                readonly before: {
                  readonly value: unknown;
                  readonly source: 'default' | 'environment' | 'system' | 'group';
                } | null;
                readonly after: {
                  readonly value: unknown;
                  readonly source: 'default' | 'environment' | 'system' | 'group';
                } | null;
              }[];
            }[];
          };
        }
      | Group;
  };
  /** Sets the order of the groups; those not named keep theirs after the named ones. */
  orderGroups: {
    path: undefined;
    query: undefined;
    body: {
      readonly names: readonly string[];
    };
    answer: {
      readonly revision: number;
    };
  };
  /** One group. */
  getGroup: {
    path: { readonly name: string };
    query: undefined;
    body: undefined;
    answer: Group;
  };
  /** Changes a group; with If-Match only when its revision is that one. */
  changeGroup: {
    path: { readonly name: string };
    query: { readonly dry_run?: boolean | undefined };
    body: GroupPatch;
    answer: {
      /** Lower case letters, digits, - and _; up to 100. */
      readonly name: string;
      readonly type: 'standard' | 'aggregate';
      readonly channel: 'openai' | 'openai-response' | 'gemini' | 'anthropic';
      readonly display_name: string;
      readonly description: string;
      readonly enabled: boolean;
      readonly upstreams: readonly Upstream[];
      readonly members: readonly Member[];
      readonly test_model: string;
      readonly validation_endpoint: string;
      readonly proxy_keys: readonly string[];
      readonly config: {
        readonly enable_request_body_logging?: boolean | null;
        readonly request_timeout?: number | null;
        readonly connect_timeout?: number | null;
        readonly idle_conn_timeout?: number | null;
        readonly response_header_timeout?: number | null;
        readonly first_byte_timeout?: number | null;
        readonly stream_idle_timeout?: number | null;
        readonly max_idle_conns?: number | null;
        readonly max_idle_conns_per_host?: number | null;
        readonly proxy_url?: string | null;
        readonly max_retries?: number | null;
        readonly blacklist_threshold?: number | null;
        readonly key_rpm_limit?: number | null;
        readonly key_concurrency_limit?: number | null;
        readonly proxy_key_rpm_limit?: number | null;
        readonly headroom?: boolean | null;
        readonly key_validation_interval_minutes?: number | null;
        readonly key_validation_concurrency?: number | null;
        readonly key_validation_timeout_seconds?: number | null;
      };
      readonly param_overrides: Readonly<Record<string, unknown>>;
      readonly header_rules: readonly HeaderRule[];
      readonly model_redirect_rules: Readonly<Record<string, string>>;
      readonly model_redirect_strict: boolean;
      readonly error_rules: readonly ErrorRule[];
      readonly sort: number;
      readonly endpoint: string;
      readonly effective_config: Readonly<
        Record<
          string,
          {
            readonly value: unknown;
            readonly source: 'default' | 'environment' | 'system' | 'group';
          }
        >
      >;
      readonly revision: number;
      readonly created_at: string;
      readonly updated_at: string;
      readonly preview?: {
        readonly diff: readonly FieldDiff[];
        readonly settings: readonly {
          readonly name: string;
          readonly before: {
            readonly value: unknown;
            readonly source: 'default' | 'environment' | 'system' | 'group';
          } | null;
          readonly after: {
            readonly value: unknown;
            readonly source: 'default' | 'environment' | 'system' | 'group';
          } | null;
        }[];
        readonly groups: readonly {
          /** Lower case letters, digits, - and _; up to 100. */
          readonly group: string;
          /** `inherits`: only what it takes from the settings changes */
          readonly change: 'created' | 'changed' | 'deleted' | 'inherits';
          readonly effective: readonly {
            readonly name: string;
            readonly before: {
              readonly value: unknown;
              readonly source: 'default' | 'environment' | 'system' | 'group';
            } | null;
            readonly after: {
              readonly value: unknown;
              readonly source: 'default' | 'environment' | 'system' | 'group';
            } | null;
          }[];
        }[];
      };
    };
  };
  /** Deletes a group and its keys. */
  deleteGroup: {
    path: { readonly name: string };
    query: { readonly dry_run?: boolean | undefined };
    body: undefined;
    answer:
      | {
          readonly preview: {
            readonly diff: readonly FieldDiff[];
            readonly settings: readonly {
              readonly name: string;
              readonly before: {
                readonly value: unknown;
                readonly source: 'default' | 'environment' | 'system' | 'group';
              } | null;
              readonly after: {
                readonly value: unknown;
                readonly source: 'default' | 'environment' | 'system' | 'group';
              } | null;
            }[];
            readonly groups: readonly {
              /** Lower case letters, digits, - and _; up to 100. */
              readonly group: string;
              /** `inherits`: only what it takes from the settings changes */
              readonly change: 'created' | 'changed' | 'deleted' | 'inherits';
              readonly effective: readonly {
                readonly name: string;
                readonly before: {
                  readonly value: unknown;
                  readonly source: 'default' | 'environment' | 'system' | 'group';
                } | null;
                readonly after: {
                  readonly value: unknown;
                  readonly source: 'default' | 'environment' | 'system' | 'group';
                } | null;
              }[];
            }[];
          };
        }
      | undefined;
  };
  /** Copies a group under a new name, with none, the active or all of its keys. */
  copyGroup: {
    path: { readonly name: string };
    query: undefined;
    body: {
      /** Lower case letters, digits, - and _; up to 100. */
      readonly name: string;
      readonly keys?: 'none' | 'active' | 'all';
    };
    answer: {
      readonly group: Group;
      readonly task_id: string | null;
    };
  };
  /** Every setting with its schema, value and source. */
  getSettings: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: {
      readonly items: readonly Setting[];
      readonly revision: number;
    };
  };
  /** Changes settings; null returns one to its inherited value. */
  changeSettings: {
    path: undefined;
    query: { readonly dry_run?: boolean | undefined };
    body: {
      readonly app_url?: string | null;
      readonly proxy_keys?: string | null;
      readonly request_log_retention_days?: number | null;
      readonly request_log_write_interval_minutes?: number | null;
      readonly enable_request_body_logging?: boolean | null;
      readonly request_timeout?: number | null;
      readonly connect_timeout?: number | null;
      readonly idle_conn_timeout?: number | null;
      readonly response_header_timeout?: number | null;
      readonly first_byte_timeout?: number | null;
      readonly stream_idle_timeout?: number | null;
      readonly max_idle_conns?: number | null;
      readonly max_idle_conns_per_host?: number | null;
      readonly proxy_url?: string | null;
      readonly max_retries?: number | null;
      readonly blacklist_threshold?: number | null;
      readonly key_rpm_limit?: number | null;
      readonly key_concurrency_limit?: number | null;
      readonly proxy_key_rpm_limit?: number | null;
      readonly headroom?: boolean | null;
      readonly key_validation_interval_minutes?: number | null;
      readonly key_validation_concurrency?: number | null;
      readonly key_validation_timeout_seconds?: number | null;
      readonly outcome_retention_days?: number | null;
    };
    answer: {
      readonly items: readonly Setting[];
      readonly revision: number;
      readonly preview?: {
        readonly diff: readonly FieldDiff[];
        readonly settings: readonly {
          readonly name: string;
          readonly before: {
            readonly value: unknown;
            readonly source: 'default' | 'environment' | 'system' | 'group';
          } | null;
          readonly after: {
            readonly value: unknown;
            readonly source: 'default' | 'environment' | 'system' | 'group';
          } | null;
        }[];
        readonly groups: readonly {
          /** Lower case letters, digits, - and _; up to 100. */
          readonly group: string;
          /** `inherits`: only what it takes from the settings changes */
          readonly change: 'created' | 'changed' | 'deleted' | 'inherits';
          readonly effective: readonly {
            readonly name: string;
            readonly before: {
              readonly value: unknown;
              readonly source: 'default' | 'environment' | 'system' | 'group';
            } | null;
            readonly after: {
              readonly value: unknown;
              readonly source: 'default' | 'environment' | 'system' | 'group';
            } | null;
          }[];
        }[];
      };
    };
  };
  /** Every change of the config, newest first. */
  listRevisions: {
    path: undefined;
    query: { readonly limit?: number | undefined; readonly cursor?: string | undefined };
    body: undefined;
    answer: {
      readonly items: readonly Revision[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** One change with its diff. */
  getRevision: {
    path: { readonly revision: number };
    query: undefined;
    body: undefined;
    answer: Revision;
  };
  /** Brings the config back to what it was at a revision, as a new revision: all of it, one group, or the settings. A group that was not there then is deleted with its keys; keys of a group that comes back do not. */
  restoreRevision: {
    path: { readonly revision: number };
    query: {
      readonly dry_run?: boolean | undefined;
      readonly group?: string | undefined;
      readonly only?: 'settings' | undefined;
    };
    body: undefined;
    answer: {
      /** the newest one after this */
      readonly revision: number;
      readonly restored: number;
      readonly diff: readonly FieldDiff[];
      readonly preview?: {
        readonly diff: readonly FieldDiff[];
        readonly settings: readonly {
          readonly name: string;
          readonly before: {
            readonly value: unknown;
            readonly source: 'default' | 'environment' | 'system' | 'group';
          } | null;
          readonly after: {
            readonly value: unknown;
            readonly source: 'default' | 'environment' | 'system' | 'group';
          } | null;
        }[];
        readonly groups: readonly {
          /** Lower case letters, digits, - and _; up to 100. */
          readonly group: string;
          /** `inherits`: only what it takes from the settings changes */
          readonly change: 'created' | 'changed' | 'deleted' | 'inherits';
          readonly effective: readonly {
            readonly name: string;
            readonly before: {
              readonly value: unknown;
              readonly source: 'default' | 'environment' | 'system' | 'group';
            } | null;
            readonly after: {
              readonly value: unknown;
              readonly source: 'default' | 'environment' | 'system' | 'group';
            } | null;
          }[];
        }[];
      };
    };
  };
  /** What people did: signing in, changes, reveals, exports, undos; newest first. */
  listAudit: {
    path: undefined;
    query: { readonly limit?: number | undefined; readonly cursor?: string | undefined };
    body: undefined;
    answer: {
      readonly items: readonly {
        /** counts from 1 without a gap */
        readonly version: number;
        readonly id: string;
        readonly type: string;
        readonly time: string;
        readonly actor: string;
        readonly data: Readonly<Record<string, unknown>>;
        /** SHA-256 of this entry and of the hash before it */
        readonly hash: string;
      }[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** Keys of a group, masked; q finds a full key, its tail, or a note. */
  listKeys: {
    path: { readonly name: string };
    query: {
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
      readonly status?: 'active' | 'cooling' | 'blacklisted' | 'disabled' | undefined;
      readonly q?: string | undefined;
      readonly sort?:
        | 'created_at'
        | '-created_at'
        | 'last_used_at'
        | '-last_used_at'
        | 'requests'
        | '-requests'
        | 'failures'
        | '-failures'
        | undefined;
    };
    body: undefined;
    answer: {
      readonly items: readonly Key[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** Imports keys: text, a table, JSON, JSON lines or a file upload, streamed, as a task. */
  importKeys: {
    path: { readonly name: string };
    query: { readonly dry_run?: boolean | undefined };
    body: Readonly<Record<string, unknown>> | string | Blob | FormData;
    answer:
      | {
          readonly added: number;
          readonly duplicates: number;
          readonly invalid: number;
          readonly invalid_lines: readonly {
            readonly line: number;
            readonly reason: string;
          }[];
        }
      | Task;
  };
  /** Restores, disables, enables, deletes or validates many keys, as a task. */
  actOnKeys: {
    path: { readonly name: string };
    query: undefined;
    body: {
      readonly action: 'restore' | 'disable' | 'enable' | 'delete' | 'validate';
      readonly ids?: readonly string[];
      readonly keys?: readonly string[];
      readonly status?: 'active' | 'cooling' | 'blacklisted' | 'disabled';
      readonly where?: {
        readonly rule?: string;
        /** ISO 8601 */
        readonly since?: string;
        /** ISO 8601 */
        readonly until?: string;
        readonly q?: string;
      };
      /** validate only: a key that passes is restored */
      readonly restore_passing?: boolean;
    };
    answer: Task;
  };
  /** Takes back what blacklisted or cooled keys by a rule, status or upstream in a time window, as a task; its id is that of the undo. A dry run lists the keys and changes nothing. */
  undoVerdicts: {
    path: { readonly name: string };
    query: {
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
      readonly dry_run?: boolean | undefined;
    };
    body: {
      readonly rule?: string;
      readonly status?: number;
      readonly upstream?: string;
      /** ISO 8601, inclusive */
      readonly from: string;
      /** ISO 8601, inclusive */
      readonly to: string;
    };
    answer:
      | {
          readonly items: readonly Key[];
          readonly next_cursor: string | null;
          readonly total?: number;
        }
      | Task;
  };
  /** Takes an undo back, as a task: its keys are as they were before it, unless they changed meanwhile. */
  revertUndo: {
    path: { readonly id: string };
    query: undefined;
    body: undefined;
    answer: Task;
  };
  /** The keys of a group in clear, one a line; an audit event. */
  exportKeys: {
    path: { readonly name: string };
    query: { readonly status?: 'active' | 'cooling' | 'blacklisted' | 'disabled' | undefined };
    body: undefined;
    answer: undefined;
  };
  /** What if: replays the recorded outcomes of a group under another policy. */
  simulatePolicy: {
    path: { readonly name: string };
    query: undefined;
    body: {
      readonly config: {
        readonly blacklist_threshold?: number;
        readonly error_rules?: readonly ErrorRule[];
        readonly max_retries?: number;
        /** rest of a key after a 429 that does not say how long */
        readonly rest_seconds?: number;
        /** the mass-failure guard */
        readonly guard?: {
          readonly enabled?: boolean;
          readonly window_seconds?: number;
          /** that fail alike */
          readonly keys?: number;
        };
      };
      /** ISO 8601 */
      readonly from: string;
      /** ISO 8601, exclusive */
      readonly to: string;
    };
    answer: {
      readonly outcomes: number;
      /** under the tried policy */
      readonly requests_without_key: number;
      /** keys that would have fared otherwise; the first 1,000 */
      readonly keys: readonly {
        readonly id: string;
        readonly verdict: 'blacklisted' | 'cooled' | 'kept';
        readonly at: string;
        readonly recorded_verdict: 'blacklisted' | 'cooled' | 'kept';
      }[];
      /** how many would have */
      readonly keys_total: number;
      readonly before: {
        readonly blacklisted: number;
        readonly cooled: number;
        /** counted against keys */
        readonly failures: number;
        readonly requests_without_key: number;
        /** tried again elsewhere after a failure */
        readonly requests_failed_over: number;
        /** since the group had its first key, or a request asked for one */
        readonly seconds_without_key: number;
        /** usable keys over time */
        readonly usable: readonly {
          readonly time: string;
          readonly value: number;
        }[];
      };
      readonly after: {
        readonly blacklisted: number;
        readonly cooled: number;
        /** counted against keys */
        readonly failures: number;
        readonly requests_without_key: number;
        /** tried again elsewhere after a failure */
        readonly requests_failed_over: number;
        /** since the group had its first key, or a request asked for one */
        readonly seconds_without_key: number;
        /** usable keys over time */
        readonly usable: readonly {
          readonly time: string;
          readonly value: number;
        }[];
      };
    };
  };
  /** One key. */
  getKey: {
    path: { readonly id: string };
    query: undefined;
    body: undefined;
    answer: Key;
  };
  /** Notes, enables or disables a key. */
  changeKey: {
    path: { readonly id: string };
    query: undefined;
    body: {
      readonly note?: string;
      readonly enabled?: boolean;
    };
    answer: Key;
  };
  /** Deletes a key. */
  deleteKey: {
    path: { readonly id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The key in clear; an audit event. */
  revealKey: {
    path: { readonly id: string };
    query: undefined;
    body: undefined;
    answer: {
      readonly id: string;
      readonly secret: string;
    };
  };
  /** Probes a key now; changes nothing unless `apply` is asked. */
  validateKey: {
    path: { readonly id: string };
    query: { readonly apply?: boolean | undefined };
    body: undefined;
    answer: {
      readonly group: string;
      readonly key_id: string;
      readonly at: string;
      readonly ok: boolean;
      readonly status: number | null;
      readonly message: string;
      readonly ms: number;
    };
  };
  /** What happened to a key: when, why, by whom; newest first. */
  keyHistory: {
    path: { readonly id: string };
    query: { readonly limit?: number | undefined; readonly cursor?: string | undefined };
    body: undefined;
    answer: {
      readonly items: readonly KeyEvent[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** What policies decided on keys, of all groups or one, newest first; what people did to keys is in the audit. */
  listVerdicts: {
    path: undefined;
    query: {
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
      readonly group?: string | undefined;
      readonly kind?: 'blacklisted' | 'cooled' | 'returned' | 'guard' | undefined;
    };
    body: undefined;
    answer: {
      readonly items: readonly {
        /** of the event */
        readonly id: string;
        readonly time: string;
        readonly kind: 'blacklisted' | 'cooled' | 'returned' | 'guard';
        /** Lower case letters, digits, - and _; up to 100. */
        readonly group: string;
        readonly key_id: string;
        readonly masked: string;
        /** One sentence: what was decided, and why. */
        readonly why: string;
        readonly rule: string | null;
        readonly status: number | null;
        readonly upstream: string | null;
        readonly model: string | null;
        readonly until: string | null;
        readonly request_id: string | null;
      }[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** A key as it was at a moment, folded from its events. */
  keyState: {
    path: { readonly id: string };
    query: { readonly at: string };
    body: undefined;
    answer: {
      readonly id: string;
      /** Lower case letters, digits, - and _; up to 100. */
      readonly group: string;
      readonly masked: string;
      readonly status: 'active' | 'cooling' | 'blacklisted' | 'disabled';
      /** One sentence: why the key was in this state. */
      readonly why: string;
      readonly note: string;
      readonly streak: number;
      readonly cooldowns: readonly {
        readonly model: string | null;
        /** ISO 8601 */
        readonly until: string;
      }[];
      readonly version: number;
      /** ISO 8601 */
      readonly at: string;
    };
  };
  /** The keys of a group as they were at a moment, those deleted since too. */
  poolState: {
    path: { readonly name: string };
    query: {
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
      readonly at: string;
    };
    body: undefined;
    answer: {
      /** ISO 8601 */
      readonly at: string;
      readonly counts: {
        readonly active: number;
        readonly cooling: number;
        readonly blacklisted: number;
        readonly disabled: number;
      };
      readonly items: readonly {
        readonly id: string;
        readonly masked: string;
        readonly status: 'active' | 'cooling' | 'blacklisted' | 'disabled';
      }[];
      readonly next_cursor: string | null;
      readonly total: number;
    };
  };
  /** Makes all that is folded from events anew while everything goes on, as a task; there is one at a time. */
  rebuild: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Task;
  };
  /** Tasks, newest first. */
  listTasks: {
    path: undefined;
    query: {
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
      readonly state?: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | undefined;
    };
    body: undefined;
    answer: {
      readonly items: readonly Task[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** One task with its progress. */
  getTask: {
    path: { readonly id: string };
    query: undefined;
    body: undefined;
    answer: Task;
  };
  /** Cancels a task; what it did stays. */
  cancelTask: {
    path: { readonly id: string };
    query: undefined;
    body: undefined;
    answer: Task;
  };
  /** What changes (config, key states, tasks), as server-sent events. */
  liveEvents: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Sends one small real request through each upstream and says what came back. */
  testGroup: {
    path: { readonly name: string };
    query: undefined;
    body: undefined;
    answer: {
      readonly results: readonly {
        readonly upstream: string;
        readonly ok: boolean;
        readonly status: number | null;
        readonly message: string;
        readonly ms: number;
        /** masked */
        readonly key: string | null;
      }[];
    };
  };
  /** Tests upstreams as a group that is not saved yet would use them, and lists the models. */
  testUpstreams: {
    path: undefined;
    query: undefined;
    body: {
      readonly channel: 'openai' | 'openai-response' | 'gemini' | 'anthropic';
      readonly upstreams: readonly Upstream[];
      readonly test_model?: string;
      readonly validation_endpoint?: string;
      readonly param_overrides?: Readonly<Record<string, unknown>>;
      readonly header_rules?: readonly HeaderRule[];
      readonly model_redirect_rules?: Readonly<Record<string, string>>;
      /** not kept */
      readonly key?: string;
      /** whose settings apply; without `key` one of its keys is sent to those of its upstreams that are saved */
      readonly group?: string;
    };
    answer: {
      readonly results: readonly {
        readonly upstream: string;
        readonly ok: boolean;
        readonly status: number | null;
        readonly message: string;
        readonly ms: number;
        /** masked */
        readonly key: string | null;
      }[];
      /** null when no upstream says */
      readonly models: readonly string[] | null;
    };
  };
  /** Request logs, newest first. A search of many rows may stop early: go on while there is a next_cursor. */
  listLogs: {
    path: undefined;
    query: {
      readonly limit?: number | undefined;
      readonly cursor?: string | undefined;
      readonly group?: string | undefined;
      readonly model?: string | undefined;
      readonly status?: string | undefined;
      readonly outcome?: 'ok' | 'error' | 'client' | 'gateway' | 'key' | 'upstream' | undefined;
      readonly key?: string | undefined;
      readonly proxy_key?: string | undefined;
      readonly q?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly items: readonly LogRow[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** Request logs as CSV or NDJSON, streamed. */
  exportLogs: {
    path: undefined;
    query: {
      readonly group?: string | undefined;
      readonly model?: string | undefined;
      readonly status?: string | undefined;
      readonly outcome?: 'ok' | 'error' | 'client' | 'gateway' | 'key' | 'upstream' | undefined;
      readonly key?: string | undefined;
      readonly proxy_key?: string | undefined;
      readonly q?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly format?: 'csv' | 'ndjson' | undefined;
    };
    body: undefined;
    answer: undefined;
  };
  /** Requests as they end, as server-sent events. */
  tailLogs: {
    path: undefined;
    query: {
      readonly group?: string | undefined;
      readonly model?: string | undefined;
      readonly status?: string | undefined;
      readonly outcome?: 'ok' | 'error' | 'client' | 'gateway' | 'key' | 'upstream' | undefined;
      readonly key?: string | undefined;
      readonly proxy_key?: string | undefined;
      readonly q?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
    };
    body: undefined;
    answer: undefined;
  };
  /** One request. */
  getLog: {
    path: { readonly request_id: string };
    query: undefined;
    body: undefined;
    answer: LogRow;
  };
  /** Requests, errors, latency percentiles, tokens, keys by state. */
  statsOverview: {
    path: undefined;
    query: { readonly range?: string | undefined; readonly group?: string | undefined };
    body: undefined;
    answer: {
      readonly range: string;
      readonly from: string;
      readonly to: string;
      readonly requests: number;
      readonly errors: number;
      readonly error_rate: number;
      readonly latency_p50_ms: number | null;
      readonly latency_p95_ms: number | null;
      readonly ttfb_p50_ms: number | null;
      readonly ttfb_p95_ms: number | null;
      readonly tokens_in: number;
      readonly tokens_out: number;
      readonly keys: Readonly<Record<string, number>>;
      readonly keys_by_group: Readonly<Record<string, Readonly<Record<string, number>>>>;
      readonly groups: readonly {
        readonly group: string;
        readonly requests: number;
        readonly errors: number;
        readonly error_rate: number;
        readonly latency_p50_ms: number | null;
        readonly latency_p95_ms: number | null;
        readonly ttfb_p50_ms: number | null;
        readonly ttfb_p95_ms: number | null;
        readonly tokens_in: number;
        readonly tokens_out: number;
      }[];
    };
  };
  /** One metric over time, one series a group, model or status. */
  statsSeries: {
    path: undefined;
    query: {
      readonly metric:
        | 'requests'
        | 'errors'
        | 'latency_p50_ms'
        | 'latency_p95_ms'
        | 'ttfb_p50_ms'
        | 'ttfb_p95_ms'
        | 'tokens_in'
        | 'tokens_out';
      readonly by?: 'none' | 'group' | 'model' | 'status' | undefined;
      readonly range?: string | undefined;
      readonly group?: string | undefined;
    };
    body: undefined;
    answer: {
      readonly metric: string;
      readonly step_ms: number;
      readonly series: readonly {
        readonly name: string;
        readonly points: readonly {
          readonly time: string;
          readonly value: number | null;
        }[];
      }[];
    };
  };
  /** Messages that could not be read, newest first. */
  listDeadLetters: {
    path: undefined;
    query: { readonly limit?: number | undefined; readonly cursor?: string | undefined };
    body: undefined;
    answer: {
      readonly items: readonly {
        readonly id: string;
        readonly stream: string;
        readonly subject: string;
        readonly time: string;
        readonly reason: string;
      }[];
      readonly next_cursor: string | null;
      readonly total?: number;
    };
  };
  /** This API as an OpenAPI 3.1 document. */
  openApi: {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Readonly<Record<string, unknown>>;
  };
}

/** Where each call goes. */
export const routes = {
  login: { method: 'POST', path: '/api/auth/login' },
  logout: { method: 'POST', path: '/api/auth/logout' },
  session: { method: 'GET', path: '/api/auth/session' },
  listChannels: { method: 'GET', path: '/api/channels' },
  listGroups: { method: 'GET', path: '/api/groups' },
  createGroup: { method: 'POST', path: '/api/groups' },
  orderGroups: { method: 'PUT', path: '/api/groups/order' },
  getGroup: { method: 'GET', path: '/api/groups/{name}' },
  changeGroup: { method: 'PATCH', path: '/api/groups/{name}' },
  deleteGroup: { method: 'DELETE', path: '/api/groups/{name}' },
  copyGroup: { method: 'POST', path: '/api/groups/{name}/copy' },
  getSettings: { method: 'GET', path: '/api/settings' },
  changeSettings: { method: 'PATCH', path: '/api/settings' },
  listRevisions: { method: 'GET', path: '/api/config/revisions' },
  getRevision: { method: 'GET', path: '/api/config/revisions/{revision}' },
  restoreRevision: { method: 'POST', path: '/api/config/revisions/{revision}/restore' },
  listAudit: { method: 'GET', path: '/api/audit' },
  listKeys: { method: 'GET', path: '/api/groups/{name}/keys' },
  importKeys: { method: 'POST', path: '/api/groups/{name}/keys' },
  actOnKeys: { method: 'POST', path: '/api/groups/{name}/keys/actions' },
  undoVerdicts: { method: 'POST', path: '/api/groups/{name}/keys/undo' },
  revertUndo: { method: 'POST', path: '/api/undos/{id}/revert' },
  exportKeys: { method: 'GET', path: '/api/groups/{name}/keys/export' },
  simulatePolicy: { method: 'POST', path: '/api/groups/{name}/policy/simulate' },
  getKey: { method: 'GET', path: '/api/keys/{id}' },
  changeKey: { method: 'PATCH', path: '/api/keys/{id}' },
  deleteKey: { method: 'DELETE', path: '/api/keys/{id}' },
  revealKey: { method: 'POST', path: '/api/keys/{id}/reveal' },
  validateKey: { method: 'POST', path: '/api/keys/{id}/validate' },
  keyHistory: { method: 'GET', path: '/api/keys/{id}/history' },
  listVerdicts: { method: 'GET', path: '/api/verdicts' },
  keyState: { method: 'GET', path: '/api/keys/{id}/state' },
  poolState: { method: 'GET', path: '/api/groups/{name}/pool' },
  rebuild: { method: 'POST', path: '/api/rebuild' },
  listTasks: { method: 'GET', path: '/api/tasks' },
  getTask: { method: 'GET', path: '/api/tasks/{id}' },
  cancelTask: { method: 'DELETE', path: '/api/tasks/{id}' },
  liveEvents: { method: 'GET', path: '/api/events' },
  testGroup: { method: 'POST', path: '/api/groups/{name}/test' },
  testUpstreams: { method: 'POST', path: '/api/upstreams/test' },
  listLogs: { method: 'GET', path: '/api/logs' },
  exportLogs: { method: 'GET', path: '/api/logs/export' },
  tailLogs: { method: 'GET', path: '/api/logs/tail' },
  getLog: { method: 'GET', path: '/api/logs/{request_id}' },
  statsOverview: { method: 'GET', path: '/api/stats/overview' },
  statsSeries: { method: 'GET', path: '/api/stats/series' },
  listDeadLetters: { method: 'GET', path: '/api/dead-letters' },
  openApi: { method: 'GET', path: '/api/openapi.json' },
} as const satisfies Record<keyof Operations, { method: string; path: string }>;

/** What a new group may hold: the schema that the server checks by. */
export const newGroupSchema = {
  type: 'object',
  required: ['name', 'channel'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9_-]{0,99}$',
      description: 'Lower case letters, digits, - and _; up to 100.',
    },
    type: { enum: ['standard', 'aggregate'] },
    channel: { enum: ['openai', 'openai-response', 'gemini', 'anthropic'] },
    display_name: { type: 'string', maxLength: 200 },
    description: { type: 'string', maxLength: 2000 },
    enabled: { type: 'boolean' },
    upstreams: {
      type: 'array',
      items: {
        type: 'object',
        required: ['url', 'weight'],
        properties: {
          url: { type: 'string', minLength: 1, maxLength: 2048 },
          weight: { type: 'integer', minimum: 0, maximum: 10000 },
        },
        additionalProperties: false,
      },
      maxItems: 100,
    },
    members: {
      type: 'array',
      items: {
        type: 'object',
        required: ['group', 'weight'],
        properties: {
          group: {
            type: 'string',
            pattern: '^[a-z0-9][a-z0-9_-]{0,99}$',
            description: 'Lower case letters, digits, - and _; up to 100.',
          },
          weight: { type: 'integer', minimum: 0, maximum: 10000 },
        },
        additionalProperties: false,
      },
      maxItems: 100,
    },
    test_model: { type: 'string', maxLength: 200 },
    validation_endpoint: { type: 'string', maxLength: 500 },
    proxy_keys: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 500, pattern: '^[\\x21-\\x7e]+$' },
      maxItems: 1000,
    },
    config: {
      type: 'object',
      properties: {
        enable_request_body_logging: {
          anyOf: [
            {
              type: 'boolean',
              title: 'Log request bodies',
              description:
                'Keeps request bodies (up to 64 KiB each) in the log; they may hold private data.',
            },
            { type: 'null' },
          ],
        },
        request_timeout: {
          anyOf: [
            {
              type: 'integer',
              title: 'Request timeout (seconds)',
              description: 'Bounds a non-streaming request over all its attempts.',
              minimum: 1,
              maximum: 86400,
            },
            { type: 'null' },
          ],
        },
        connect_timeout: {
          anyOf: [
            {
              type: 'integer',
              title: 'Connect timeout (seconds)',
              description: 'Longest wait for a connection to an upstream.',
              minimum: 1,
              maximum: 86400,
            },
            { type: 'null' },
          ],
        },
        idle_conn_timeout: {
          anyOf: [
            {
              type: 'integer',
              title: 'Idle connection timeout (seconds)',
              description: 'How long an unused upstream connection is kept.',
              minimum: 1,
              maximum: 86400,
            },
            { type: 'null' },
          ],
        },
        response_header_timeout: {
          anyOf: [
            {
              type: 'integer',
              title: 'Response header timeout (seconds)',
              description: 'Longest wait for the response headers of an upstream.',
              minimum: 1,
              maximum: 86400,
            },
            { type: 'null' },
          ],
        },
        first_byte_timeout: {
          anyOf: [
            {
              type: 'integer',
              title: 'First byte timeout (seconds)',
              description: 'Longest wait from response headers to the first byte of the body.',
              minimum: 1,
              maximum: 86400,
            },
            { type: 'null' },
          ],
        },
        stream_idle_timeout: {
          anyOf: [
            {
              type: 'integer',
              title: 'Stream idle timeout (seconds)',
              description: 'Longest silence inside a response body.',
              minimum: 1,
              maximum: 86400,
            },
            { type: 'null' },
          ],
        },
        max_idle_conns: {
          anyOf: [
            {
              type: 'integer',
              title: 'Connections',
              description: 'Most upstream connections a worker keeps, all hosts together.',
              minimum: 1,
              maximum: 100000,
            },
            { type: 'null' },
          ],
        },
        max_idle_conns_per_host: {
          anyOf: [
            {
              type: 'integer',
              title: 'Connections per host',
              description: 'Most idle upstream connections a worker keeps per host.',
              minimum: 1,
              maximum: 100000,
            },
            { type: 'null' },
          ],
        },
        proxy_url: {
          anyOf: [
            {
              type: 'string',
              title: 'Outbound proxy',
              description:
                'http, https or socks5 proxy for upstream requests; empty uses HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
              maxLength: 100000,
            },
            { type: 'null' },
          ],
        },
        max_retries: {
          anyOf: [
            {
              type: 'integer',
              title: 'Retries',
              description: 'Most further attempts of a request, with other keys or upstreams.',
              minimum: 0,
              maximum: 100,
            },
            { type: 'null' },
          ],
        },
        blacklist_threshold: {
          anyOf: [
            {
              type: 'integer',
              title: 'Blacklist threshold',
              description:
                'Consecutive failures after which a key is blacklisted; 0 never blacklists.',
              minimum: 0,
              maximum: 1000,
            },
            { type: 'null' },
          ],
        },
        key_rpm_limit: {
          anyOf: [
            {
              type: 'integer',
              title: 'Requests a minute per key',
              description:
                'Most requests that a key is used for in any minute, over all gateways; it is passed over then. 0 is no limit.',
              minimum: 0,
              maximum: 1000000,
            },
            { type: 'null' },
          ],
        },
        key_concurrency_limit: {
          anyOf: [
            {
              type: 'integer',
              title: 'Requests at once per key',
              description:
                'Most requests that a key is used for at the same time, over all gateways; it is passed over then. 0 is no limit.',
              minimum: 0,
              maximum: 100000,
            },
            { type: 'null' },
          ],
        },
        proxy_key_rpm_limit: {
          anyOf: [
            {
              type: 'integer',
              title: 'Requests a minute per proxy key',
              description:
                'Most requests of one proxy key to one group in any minute, over all gateways; more are answered 429. 0 is no limit.',
              minimum: 0,
              maximum: 1000000,
            },
            { type: 'null' },
          ],
        },
        headroom: {
          anyOf: [
            {
              type: 'boolean',
              title: 'Mind what remains of keys',
              description:
                'Passes over keys whose provider says that their limit is nearly used up, while others have room.',
            },
            { type: 'null' },
          ],
        },
        key_validation_interval_minutes: {
          anyOf: [
            {
              type: 'integer',
              title: 'Probe interval (minutes)',
              description: 'How often a blacklisted key is probed.',
              minimum: 1,
              maximum: 43200,
            },
            { type: 'null' },
          ],
        },
        key_validation_concurrency: {
          anyOf: [
            {
              type: 'integer',
              title: 'Probes at once',
              description: 'Most probes of a group that run at the same time.',
              minimum: 1,
              maximum: 1000,
            },
            { type: 'null' },
          ],
        },
        key_validation_timeout_seconds: {
          anyOf: [
            {
              type: 'integer',
              title: 'Probe timeout (seconds)',
              description: 'Longest wait for the answer to a probe.',
              minimum: 1,
              maximum: 600,
            },
            { type: 'null' },
          ],
        },
      },
      additionalProperties: false,
    },
    param_overrides: { type: 'object', patternProperties: { '^.*$': {} } },
    header_rules: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'action'],
        properties: {
          name: { type: 'string', pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$" },
          action: { enum: ['set', 'remove'] },
          value: { type: 'string', maxLength: 4096, pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' },
        },
        additionalProperties: false,
      },
      maxItems: 100,
    },
    model_redirect_rules: {
      type: 'object',
      patternProperties: { '^.*$': { type: 'string', minLength: 1, maxLength: 200 } },
    },
    model_redirect_strict: { type: 'boolean' },
    error_rules: {
      type: 'array',
      items: {
        type: 'object',
        required: ['status', 'verdict'],
        properties: {
          status: { type: 'integer', minimum: 100, maximum: 599 },
          contains: { type: 'string', minLength: 1, maxLength: 500 },
          verdict: { enum: ['pass', 'retry', 'count', 'cooldown', 'blacklist', 'upstream'] },
          seconds: { type: 'integer', minimum: 1, maximum: 604800 },
        },
        additionalProperties: false,
      },
      maxItems: 200,
    },
    sort: { type: 'integer', minimum: 0, maximum: 1000000 },
  },
  additionalProperties: false,
} as const;
