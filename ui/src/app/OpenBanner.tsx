import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLiveBatches } from "../api/hooks";
import { getHealth } from "../api/requests";
import { Banner } from "../components/States";

const QUERY = ["open-to-everyone"];

/** What each role may do, for a person. */
const MAY: Record<string, string> = {
  viewer: "sees every prompt and answer",
  operator: "sees every prompt, and answers and cancels sessions",
  admin: "sees every prompt, answers and cancels sessions, and removes them",
};

/** Says that whoever reaches the host sees everything. It can be put away, and is there again with the next page. */
export function OpenBanner() {
  const client = useQueryClient();
  const [away, setAway] = useState(false);
  const { data: role } = useQuery({ queryKey: QUERY, queryFn: async ({ signal }) => (await getHealth(signal)).open_to_everyone ?? null });
  useLiveBatches((batch) => {
    // The host may be another one now.
    if (batch.resync !== undefined) void client.invalidateQueries({ queryKey: QUERY });
  });
  if (role == null || away) return null;
  return (
    <Banner tone="warn">
      <span>
        Open to everybody who reaches it: no token is asked for, and whoever comes {MAY[role] ?? `is ${role}`}. The program was told so.
      </span>
      <button type="button" className="button banner-away" onClick={() => setAway(true)}>
        Hide for now
      </button>
    </Banner>
  );
}
