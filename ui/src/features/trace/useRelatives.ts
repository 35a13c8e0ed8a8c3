import { useQuery } from "@tanstack/react-query";
import { getSession, listSessions } from "../../api/requests";
import type { Session } from "../../api/types";

interface Relatives {
  parent: Session | undefined;
  /** Of the sessions that began while this one ran, those that it started; of very many the newest. */
  children: readonly Session[];
}

/** The session that started this one, and those that it started. Nothing is lost when they can't be had. */
export function useRelatives(session: Session): Relatives {
  const { id, parent_session_id: parentId, started_at: since, ended_at: until } = session;
  const parent = useQuery({
    queryKey: ["session", parentId],
    queryFn: ({ signal }) => getSession(parentId ?? "", signal),
    enabled: parentId != null,
    retry: false,
  });
  const began = useQuery({
    queryKey: ["relatives", id, since, until],
    queryFn: ({ signal }) => listSessions({ since, ...(until != null && { until }) }, undefined, signal),
    retry: false,
  });
  return { parent: parent.data, children: began.data?.sessions.filter((each) => each.parent_session_id === id) ?? [] };
}
