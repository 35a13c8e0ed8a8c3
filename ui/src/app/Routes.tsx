import { Suspense, lazy } from "react";
import { Link, Route, Switch } from "wouter";
import { EmptyState, SkeletonRows } from "../components/States";
import { SessionsPage } from "../features/sessions/Page";
import { prepareTrace } from "../worker/trace/open";

/** Not what a browser needs for the list, which is what most visits begin with. */
const TracePage = lazy(async () => {
  prepareTrace();
  return { default: (await import("../features/trace/Page")).TracePage };
});
const SearchPage = lazy(async () => ({ default: (await import("../features/search/Page")).SearchPage }));
const EventsPage = lazy(async () => ({ default: (await import("../features/events/Page")).EventsPage }));
const HealthPage = lazy(async () => ({ default: (await import("../features/health/Page")).HealthPage }));

/** `back` is the list as the reader left it, with its filter. */
export function Routes({ back }: { back: string }) {
  return (
    <Suspense fallback={<Coming />}>
      <Switch>
        <Route path="/" component={SessionsPage} />
        <Route path="/sessions" component={SessionsPage} />
        <Route path="/sessions/:id">{({ id }) => <TracePage key={id} id={decoded(id)} back={back} />}</Route>
        <Route path="/search" component={SearchPage} />
        <Route path="/events" component={EventsPage} />
        <Route path="/health" component={HealthPage} />
        <Route>
          <main>
            <h1 className="only-read">Nothing here</h1>
            <EmptyState title="There is no such page">
              <Link href="/sessions">All sessions</Link>
            </EmptyState>
          </main>
        </Route>
      </Switch>
    </Suspense>
  );
}

/** A screen whose script is on its way; it stands below a bar of its own, as every screen does. */
function Coming() {
  return (
    <main aria-busy="true">
      <div className="screen-coming" />
      <SkeletonRows rows={12} height={32} />
    </main>
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
