import { useCallback } from "react";
import { useSearchParams } from "wouter";

/** Parameters of the address and their new values; nothing takes one away. */
export type AddressChange = Readonly<Record<string, string | undefined>>;

/** What the address says, and how to have it say something else. Parameters of others stay as they are. */
export function useAddress(): [parameters: URLSearchParams, change: (change: AddressChange) => void] {
  const [parameters, setParameters] = useSearchParams();
  const change = useCallback(
    (changed: AddressChange) => {
      setParameters(
        (now) => {
          const next = new URLSearchParams(now);
          for (const [name, value] of Object.entries(changed)) {
            if (value === undefined || value === "") next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true },
      );
    },
    [setParameters],
  );
  return [parameters, change];
}
