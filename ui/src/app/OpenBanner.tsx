import { useState } from "react";
import { useStanding } from "../api/standing";
import { Banner } from "../components/States";

/** What each role may do, for a person. */
const MAY: Record<string, string> = {
  viewer: "sees every prompt and answer",
  operator: "sees every prompt, and answers and cancels sessions",
  admin: "sees every prompt, answers and cancels sessions, and removes them",
};

/** Says that whoever reaches the host sees everything. It can be put away, and is there again with the next page. */
export function OpenBanner() {
  const [away, setAway] = useState(false);
  const role = useStanding()?.open;
  if (role === undefined || away) return null;
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
