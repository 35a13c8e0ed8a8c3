import { Suspense, lazy } from "react";
import { Link, Route, Switch } from "wouter";
import { EmptyState } from "../components/States";
import { HealthPage } from "../features/health/Page";
import { SessionsPage } from "../features/sessions/Page";

/** Not what a browser needs for the list, which is what most visits begin with. */
const TracePage = lazy(async () => ({ default: (await import("../features/trace/Page")).TracePage }));

/** `back` is the list as the reader left it, with its filter. */
export function Routes({ back }: { back: string }) {
  return (
    <Switch>
      <Route path="/" component={SessionsPage} />
      <Route path="/sessions" component={SessionsPage} />
      <Route path="/sessions/:id">
        {({ id }) => (
          <Suspense fallback={<main />}>
            <TracePage key={id} id={decoded(id)} back={back} />
          </Suspense>
        )}
      </Route>
      <Route path="/health" component={HealthPage} />
      <Route>
        <main>
          <EmptyState title="There is no such page">
            <Link href="/sessions">All sessions</Link>
          </EmptyState>
        </main>
      </Route>
    </Switch>
  );
}

/** A mistyped address may hold a stray percent sign; it then simply names no session. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
