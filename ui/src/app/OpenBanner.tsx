import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLiveBatches } from "../api/hooks";
import { getHealth } from "../api/requests";
import { Banner } from "../components/States";

const QUERY = ["open-to-all"];

/** Says that whoever reaches the host sees everything. It can be put away, and is there again with the next page. */
export function OpenBanner() {
  const client = useQueryClient();
  const [away, setAway] = useState(false);
  const { data: open } = useQuery({ queryKey: QUERY, queryFn: async ({ signal }) => (await getHealth(signal)).open_to_all === true });
  useLiveBatches((batch) => {
    // The host may be another one now.
    if (batch.resync !== undefined) void client.invalidateQueries({ queryKey: QUERY });
  });
  if (open !== true || away) return null;
  return (
    <Banner tone="warn">
      <span>Open to everybody who reaches it: no token is asked for, and prompts, answers and removal are anybody’s. The program was told so.</span>
      <button type="button" className="button banner-away" onClick={() => setAway(true)}>
        Hide for now
      </button>
    </Banner>
  );
}
