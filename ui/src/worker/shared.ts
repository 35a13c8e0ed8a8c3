/** The shared worker: one for all tabs of a browser that show the same mount. It ends with the last of them. */
import { hold, serial } from "./locks";
import { Ports } from "./ports";

interface SharedScope {
  readonly name: string;
  onconnect: ((event: MessageEvent) => void) | null;
}

const scope = globalThis as unknown as SharedScope;
const untilTheEnd = new AbortController().signal;
const ports = new Ports(hold(`${scope.name}:worker:${serial()}`, untilTheEnd));

scope.onconnect = ({ ports: [port] }) => {
  if (port !== undefined) ports.add(port);
};
