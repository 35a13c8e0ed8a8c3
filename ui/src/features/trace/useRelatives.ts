import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLiveBatches } from "../../api/hooks";
import { getSession, listChildren } from "../../api/requests";
import type { Session } from "../../api/types";
import { allOf } from "../../model/statusCounts";

/** More of them are a list of their own, and one link away. */
export const SHOWN_CHILDREN = 3;

interface Relatives {
  parent: Session | undefined;
  /** The newest of the sessions that it started. */
  children: readonly Session[];
  /** How many it started. */
  count: number;
}

/** The session that started this one, and those that it started. Nothing is lost when they can't be had. */
export function useRelatives(session: Session): Relatives {
  const { id, parent_session_id: parentId } = session;
  const client = useQueryClient();
  const parent = useQuery({
    queryKey: ["session", parentId],
    queryFn: ({ signal }) => getSession(parentId ?? "", signal),
    enabled: parentId != null,
    retry: false,
  });
  const children = useQuery({
    queryKey: ["children", id],
    queryFn: ({ signal }) => listChildren(id, SHOWN_CHILDREN, signal),
    retry: false,
    staleTime: 0,
  });
  useLiveBatches(({ events, resync }) => {
    const another = events.some((event) => event.type === "SessionStarted" && event.session.parent_session_id === id);
    if (another || resync !== undefined) void client.invalidateQueries({ queryKey: ["children", id] });
  });
  const shown = children.data?.sessions ?? [];
  return { parent: parent.data, children: shown, count: Math.max(shown.length, allOf(children.data?.counts ?? undefined) ?? 0) };
}
