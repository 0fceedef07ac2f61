import type { LiveGroup, LiveStandardGroup, LiveUpstream } from '../live-config/live-group.ts';
import type { RingKey } from '../key-ring/ring-key.ts';

/** Where an attempt goes and with what. */
export interface Target {
  readonly group: LiveStandardGroup;
  readonly key: RingKey;
  readonly upstream: LiveUpstream;
}

/** What was tried for a request so far. */
export interface Tried {
  readonly keys: readonly RingKey[];
  readonly upstreams: readonly LiveUpstream[];
}

export type Choice =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'no-key'; readonly soonestMs: number | undefined }
  | { readonly kind: 'no-upstream' };

/** What the choice of the next attempt depends on. */
export interface ChoiceRequest {
  readonly tried: Tried;
  /** The model that each group would be asked for. */
  readonly modelOf: (group: LiveStandardGroup) => string | null;
  /** The last attempt blamed its upstream. */
  readonly otherUpstream: boolean;
  readonly nowMs: number;
}

/** Chooses key and upstream of the next attempt; an aggregate moves on while a member has no key. */
export function chooseTarget(group: LiveGroup, request: ChoiceRequest): Choice {
  if (group.type === 'standard') return chooseInGroup(group, request);
  const passed = new Set<LiveStandardGroup>();
  let soonestMs: number | undefined;
  for (;;) {
    const member = group.memberChoice.next((each) => each.group.enabled && !passed.has(each.group));
    if (member === undefined) return { kind: 'no-key', soonestMs };
    const choice = chooseInGroup(member.group, request);
    if (choice.kind === 'target') return choice;
    if (choice.kind === 'no-key' && choice.soonestMs !== undefined) {
      soonestMs = Math.min(choice.soonestMs, soonestMs ?? Number.POSITIVE_INFINITY);
    }
    passed.add(member.group);
  }
}

function chooseInGroup(group: LiveStandardGroup, request: ChoiceRequest): Choice {
  const { tried, nowMs } = request;
  const model = request.modelOf(group);
  const upstream = chooseUpstream(group, model, request);
  if (upstream === undefined) return { kind: 'no-upstream' };
  const key =
    group.pool.choose(model, tried.keys, nowMs) ??
    // A key is not tried twice; but where its upstream was at fault it may go to one not yet tried.
    (request.otherUpstream && !tried.upstreams.includes(upstream)
      ? group.pool.choose(model, [], nowMs)
      : undefined);
  if (key === undefined) return { kind: 'no-key', soonestMs: group.pool.soonestMs(model) };
  return { kind: 'target', target: { group, key, upstream } };
}

function chooseUpstream(
  group: LiveStandardGroup,
  model: string | null,
  { tried, otherUpstream, nowMs }: ChoiceRequest,
): LiveUpstream | undefined {
  const { upstreamChoice } = group;
  const fresh = otherUpstream
    ? upstreamChoice.next(
        (each) => each.health.allows(model, nowMs) && !tried.upstreams.includes(each),
      )
    : undefined;
  return (
    fresh ??
    upstreamChoice.next((each) => each.health.allows(model, nowMs)) ??
    // All are out: refusing everything would make an outage longer than it is (docs/adr/0005).
    upstreamChoice.next(() => true)
  );
}
