import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { noteStanding } from "./barred";
import { useLiveBatches } from "./hooks";
import { getHealth } from "./requests";

const QUERY = ["standing"];

interface Answer {
  /** What everybody may do, where the host was opened to all. */
  open: string | undefined;
}

/** What the host says of who may do what here: asked once, and again when it may be another host. */
export function useStanding(): Answer | undefined {
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: QUERY,
    queryFn: async ({ signal }): Promise<Answer> => {
      const health = await getHealth(signal);
      noteStanding(health);
      return { open: health.open_to_everyone ?? undefined };
    },
  });
  useLiveBatches((batch) => {
    if (batch.resync === undefined) return;
    void client.invalidateQueries({ queryKey: QUERY });
    // What failed while the host was away or said no is asked for again, unless its screen has done that by now.
    setTimeout(() => void client.invalidateQueries({ predicate: ({ state }) => state.status === "error" && state.fetchStatus === "idle" }));
  });
  return data;
}

/** Somebody else may read now. */
export function askStandingAgain(client: QueryClient): void {
  if (client.getQueryData(QUERY) !== undefined) void client.invalidateQueries({ queryKey: QUERY });
}
