import { useLiveStatus } from "../api/hooks";
import { Banner } from "../components/States";

/** Says that the host has taken back what it allowed: its own sign-in ended, while the page was open. */
export function Denied() {
  const { phase, code } = useLiveStatus();
  if (phase !== "offline" || code !== "access_denied") return null;
  return (
    <Banner tone="error">
      The program that runs the inspector lets you in no more. Sign in to it again, in another tab: this page then goes on by itself.
    </Banner>
  );
}
