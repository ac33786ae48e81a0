import type { Route } from '../api/route.ts';
import { faulty, type Event } from './event.ts';

/** Writes a route into the API that it belongs to. */
export function addRoute(event: Event, apiId: string, route: Omit<Route, 'condition' | 'consumerArn'>, conflict: string): void {
  const { draft, consumer, inherited } = event;
  const routes = draft.routes.get(apiId) ?? [];
  if (routes.some(({ path, method }) => path === route.path && method === route.method))
    throw faulty(event, `API method ${conflict}.`);
  const { Condition } = inherited;
  const condition = typeof Condition === 'string' ? Condition : undefined;
  draft.routes.set(apiId, [...routes, { ...route, condition, consumerArn: consumer.arn }]);
}
