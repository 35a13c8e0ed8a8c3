/** The shared worker: one for all tabs of a browser that show the same mount. It ends with the last of them. */
import { Ports } from "./ports";

interface SharedScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Ports();

(globalThis as unknown as SharedScope).onconnect = ({ ports: [port] }) => {
  if (port !== undefined) ports.add(port);
};
