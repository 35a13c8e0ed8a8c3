/** The worker of one open trace: it ends with the screen that started it. */
import type { FromTrace, ToTrace } from "./messages";
import { TraceKeeper } from "./traceKeeper";

interface Scope {
  onmessage: ((event: MessageEvent<ToTrace>) => void) | null;
  postMessage(said: FromTrace): void;
}

const scope = globalThis as unknown as Scope;
const keeper = new TraceKeeper((said) => scope.postMessage(said));
scope.onmessage = ({ data }) => keeper.hear(data);
