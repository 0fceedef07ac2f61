import type {
  LiveAggregateGroup,
  LiveGroup,
  LiveStandardGroup,
  LiveUpstream,
} from '../live-config/live-group.ts';
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
  /** Whether a group's rules let the request pass. */
  readonly serves: (group: LiveStandardGroup) => boolean;
  /** The last attempt blamed its upstream. */
  readonly otherUpstream: boolean;
  readonly nowMs: number;
}

/** Chooses key and upstream of the next attempt. */
export function chooseTarget(group: LiveGroup, request: ChoiceRequest): Choice {
  return group.type === 'standard'
    ? chooseInGroup(group, request)
    : chooseAmongMembers(group, request);
}

/** Whether a member of an aggregate offers an upstream that is healthy and, if the last attempt blamed its own, was not tried. */
export function hasFreshMember(group: LiveGroup, request: ChoiceRequest): boolean {
  if (group.type === 'standard') return false;
  return group.members.some(
    ({ group: each }) =>
      each.enabled && request.serves(each) && hasUpstream(each, request, isFresh),
  );
}

type Suits = (group: LiveStandardGroup, request: ChoiceRequest) => boolean;

/** What a member must offer to be chosen by its weight; the next only where no member offers more. */
const suits: readonly Suits[] = [
  (group, request) => hasUpstream(group, request, isFresh),
  (group, request) => hasUpstream(group, request, isHealthy),
  () => true,
];

/** An aggregate moves on while a member has no key, no working upstream, or rules against the request. */
function chooseAmongMembers(group: LiveAggregateGroup, request: ChoiceRequest): Choice {
  const keyless = new Set<LiveStandardGroup>();
  const refusing = new Set<LiveStandardGroup>();
  let soonestMs: number | undefined;
  for (const suit of suits) {
    const unsuited = new Set<LiveStandardGroup>();
    for (;;) {
      const member = group.memberChoice.next(
        ({ group: each }) =>
          each.enabled && !keyless.has(each) && !refusing.has(each) && !unsuited.has(each),
      )?.group;
      if (member === undefined) break;
      if (!request.serves(member)) {
        refusing.add(member);
        continue;
      }
      if (!suit(member, request)) {
        unsuited.add(member);
        continue;
      }
      const choice = chooseInGroup(member, request);
      if (choice.kind === 'target') return choice;
      if (choice.kind === 'no-key' && choice.soonestMs !== undefined) {
        soonestMs = Math.min(choice.soonestMs, soonestMs ?? Number.POSITIVE_INFINITY);
      }
      keyless.add(member);
    }
  }
  const [first] = refusing;
  // Only where nobody would ever serve it is the request refused.
  if (first !== undefined && keyless.size === 0) return chooseInGroup(first, request);
  return { kind: 'no-key', soonestMs };
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

type Fits = (upstream: LiveUpstream, model: string | null, request: ChoiceRequest) => boolean;

const isHealthy: Fits = ({ health }, model, { nowMs }) => health.allows(model, nowMs);

/** Healthy, and not tried where the last attempt blamed its upstream. */
const isFresh: Fits = (upstream, model, request) =>
  isHealthy(upstream, model, request) &&
  !(request.otherUpstream && request.tried.upstreams.includes(upstream));

function hasUpstream(group: LiveStandardGroup, request: ChoiceRequest, fits: Fits): boolean {
  const model = request.modelOf(group);
  return group.upstreams.some((each) => each.weight > 0 && fits(each, model, request));
}

function chooseUpstream(
  { upstreamChoice }: LiveStandardGroup,
  model: string | null,
  request: ChoiceRequest,
): LiveUpstream | undefined {
  return (
    upstreamChoice.next((each) => isFresh(each, model, request)) ??
    upstreamChoice.next((each) => isHealthy(each, model, request)) ??
    // All are out: refusing everything would make an outage longer than it is (docs/adr/0005).
    upstreamChoice.next(() => true)
  );
}
