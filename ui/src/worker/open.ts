import { mountUrl } from "../api/base";
import type { LiveSource } from "../api/live";
import { LeaderLink } from "./leaderLink";
import { locks } from "./locks";
import type { Link } from "./messages";
import { OwnLink } from "./ownLink";
import { TabLive } from "./tabLive";
import { WorkerLink } from "./workerLink";

/**
 * The live source for this tab, the only place where it is chosen who holds the stream: a shared worker, else a leading tab,
 * else each tab for itself. HTTP/1.1 gives a browser six connections to a host, and a stream in every tab would take them
 * all.
 */
export function openLive(): LiveSource {
  const name = streamName();
  const links: (() => Link)[] = [];
  if ("SharedWorker" in globalThis) {
    links.push(() => new WorkerLink(() => new SharedWorker(new URL("./shared.ts", import.meta.url), { type: "module", name })));
  }
  if (locks() !== undefined && "BroadcastChannel" in globalThis) links.push(() => new LeaderLink(`${name}:leader`));
  links.push(() => new OwnLink());
  return new TabLive(name, links);
}

/**
 * Two mounts on one origin are two inspectors. And after an update, tabs with the old page and tabs with the new one may be
 * open at once and must not talk to each other: the address of this script has its hash.
 */
function streamName(): string {
  return `agent-inspector:${mountUrl.pathname}:${new URL(import.meta.url).searchParams.get("v") ?? ""}`;
}
